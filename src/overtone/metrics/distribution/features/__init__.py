"""Networks that turn images into the features on which sets of images are compared."""
