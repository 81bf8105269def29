"""Spectral dictionaries: an image is a weighted sum of learned sinusoids with a modulation."""
