"""Experiment: composition."""
