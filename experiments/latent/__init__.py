"""Experiment: latent machines."""
