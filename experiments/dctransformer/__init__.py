"""Experiment: dctransformer."""
