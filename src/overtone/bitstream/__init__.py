"""Bytes and integers only: cursor, fields and the container; imports no numerics."""
