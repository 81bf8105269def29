"""Many pictures by Ray: how two workers compare with one, and what is lost when they are killed."""
