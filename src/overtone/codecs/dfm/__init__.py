"""The Deep Fourier Machine codec: a wide tiled Fourier layer under a narrow one."""
