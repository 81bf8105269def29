"""The thesis's generator: a decoder emits all coefficients of one deep Fourier network an image."""
