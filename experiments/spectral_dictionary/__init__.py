"""Experiment: spectral_dictionary."""
