"""`.ovt` files for Pillow: the hook that registers the format, and the image file itself."""
