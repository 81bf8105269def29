"""What a machine with a GPU is asked, by one command; see `experiments/gpu.sh`."""
