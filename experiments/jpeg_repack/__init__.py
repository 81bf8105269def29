"""Experiment: jpeg_repack."""
