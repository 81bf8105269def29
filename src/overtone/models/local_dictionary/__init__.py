"""A local dictionary: atoms on overlapping tiles, the same in each cell; a flow draws weights."""
