"""The weights-only Deep Fourier codec: a small deep network a tile; its weights are the file."""
