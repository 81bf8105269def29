"""Integer probability tables and the range coder that is fed with them."""
