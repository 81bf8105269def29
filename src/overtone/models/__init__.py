"""Networks that generate images: the interface, the table of models, the models."""
