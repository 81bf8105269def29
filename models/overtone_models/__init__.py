"""Trained models and feature networks of Overtone: files only, read by the package `overtone`."""

__version__ = "0.1.0"
