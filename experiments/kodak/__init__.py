"""Experiment: kodak."""
