"""Distributions over latent vectors, fitted after training and sampled to generate."""
