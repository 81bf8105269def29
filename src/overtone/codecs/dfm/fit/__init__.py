"""Fitting networks to pixels: settings, restarts, threads. Decoding never imports this package."""
