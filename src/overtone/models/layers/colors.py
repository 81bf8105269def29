"""Red, green and blue as luma and two colour differences, and back."""

import torch
from torch import Tensor

from overtone.shapes import Float


def color_matrix(num_channels: int) -> Float[Tensor, "c c"]:
    """RGB to luma, blue and red difference of JPEG (ITU-T T.871); gray stays gray."""
    if num_channels == 1:
        return torch.ones(1, 1)
    return torch.tensor(
        [
            [0.299, 0.587, 0.114],
            [-0.168735892, -0.331264108, 0.5],
            [0.5, -0.418687589, -0.081312411],
        ]
    )
