"""Compress, generate and edit images in the frequency domain."""

__version__ = "0.1.0"
