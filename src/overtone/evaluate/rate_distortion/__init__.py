"""Codecs measured: bytes against quality."""
