"""Pictures as grids of integers with small networks, trained one by one; no file is written yet."""
