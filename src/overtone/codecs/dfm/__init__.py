"""The Deep Fourier Machine as a codec: a small deep network a tile, whose weights are the file."""
