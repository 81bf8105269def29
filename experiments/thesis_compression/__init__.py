"""Experiment: thesis_compression."""
