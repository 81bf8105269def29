"""Distances between sets of images, on the features of a named network."""
