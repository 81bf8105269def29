"""Experiment: adaptation."""
