"""Experiment: notch."""
