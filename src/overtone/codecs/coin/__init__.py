"""COIN: a sine network for each picture, whose float16 weights are the file."""
