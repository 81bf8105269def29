"""The standard convolutional variational autoencoder, the baseline of the Fourier generator."""
