"""Experiment: thesis_generation."""
