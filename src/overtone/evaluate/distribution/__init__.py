"""Generators measured: sets of samples against sets of images."""
