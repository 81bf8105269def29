"""Image files and arrays of pixels."""
