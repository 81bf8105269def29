"""The grid of cells that pictures are cut into."""

from overtone.models.base import ImageSpec


def grid_of(spec: ImageSpec, cell_px: int) -> tuple[int, int]:
    """Rows and columns of cells that cover the training images; the last may reach over the end."""
    return -(-spec.height // cell_px), -(-spec.width // cell_px)
