"""Experiment: tiled_dct."""
