"""Grids of integers that a machine of their own turns into a picture, coded coarse to fine."""
