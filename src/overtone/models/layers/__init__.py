"""Networks and operations on PyTorch tensors that models share."""
