"""What all models share: specs, pixels, the table, priors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from overtone.errors import ConfigError
from overtone.models.base import ImageSpec, from_pixels, to_pixels
from overtone.models.latent import PriorConfig
from overtone.models.registry import get_model_class


def test_pixels_come_back_exactly():
    pixels = torch.arange(256, dtype=torch.uint8).reshape(2, 8, 16, 1)
    images = from_pixels(pixels)
    assert images.shape == (2, 1, 8, 16)
    assert (images.min(), images.max()) == (-1, 1)
    np.testing.assert_array_equal(to_pixels(images), pixels.numpy())


def test_channels_stay_with_their_pixels():
    pixels = torch.zeros(1, 2, 3, 3, dtype=torch.uint8)
    pixels[0, 1, 2] = torch.tensor([255, 0, 255])
    np.testing.assert_array_equal(from_pixels(pixels)[0, :, 1, 2].numpy(), [1, -1, 1])


@pytest.mark.parametrize("change", [{"height": 0}, {"channels": 2}, {"num_images": 0}])
def test_impossible_images_are_refused(change):
    with pytest.raises(ValueError, match="must be"):
        ImageSpec(**{"height": 4, "width": 6, "channels": 1, "num_images": 5, **change})


def test_a_mistyped_model_is_named():
    with pytest.raises(ConfigError, match="unknown model fourier-gnerator; "):
        get_model_class("fourier-gnerator")


def test_a_default_prior_must_be_there():
    with pytest.raises(ValueError, match="default must be one of normal, gaussian, got mixture"):
        PriorConfig(fitted=("gaussian",), default="mixture")
