"""Our generator: a cosine series an image, then a narrow deep Fourier network an image."""
