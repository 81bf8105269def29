"""The thin Python face of the native kernels, beside their slow obvious twins."""
