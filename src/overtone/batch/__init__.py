"""Many pictures on many machines: where they lie, who works on them, and what became of each."""
