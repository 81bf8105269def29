"""Experiment: cifar10."""
