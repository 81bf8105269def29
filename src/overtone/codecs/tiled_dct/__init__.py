"""The default codec: an adaptive tiled cosine transform with context mixing and a post-filter."""
