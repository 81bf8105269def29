"""Experiment: speed."""
