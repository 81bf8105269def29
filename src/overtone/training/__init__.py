"""One training loop for all models: settings, runs, checkpoints, logs."""
