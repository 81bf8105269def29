"""Experiment: balance."""
