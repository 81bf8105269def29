"""The series generator: its series, its machine, what training does to it."""

import math

import numpy as np
import pytest
import torch

from overtone.config import from_mapping
from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.kernels import fourier_twin
from overtone.models.base import Batch, ImageSpec
from overtone.models.layers.fourier_net import fourier_nets
from overtone.models.series_generator.config import SeriesGeneratorConfig
from overtone.models.series_generator.model import SeriesGenerator
from overtone.models.series_generator.series import cosine_basis
from overtone.models.store import load_model, save_model
from overtone.models.tensor_file import TensorFile

SMALL = {
    "latent_dim": 5,
    "encoder_hidden": [16],
    "decoder_hidden": [16],
    "num_series": 3,
    "num_frequencies": 4,
    "net_hidden": [3],
}


def small(channels=1, **changes):
    config = from_mapping(SeriesGeneratorConfig, SMALL | changes)
    spec = ImageSpec(height=9, width=14, channels=channels, num_images=20)
    return SeriesGenerator(config, spec, generator=torch.Generator().manual_seed(0))


def test_basis_is_products_of_cosines_at_pixel_centres():
    basis = cosine_basis(3, 5, 7).view(3, 3, 5, 7)
    y, x = (np.arange(5) + 0.5) / 5, (np.arange(7) + 0.5) / 7
    expected = np.outer(np.cos(2 * math.pi * y), np.cos(math.pi * x))
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(basis[2, 1].numpy(), expected, atol=1e-6)


def test_basis_is_orthonormal_on_its_own_grid():
    basis = cosine_basis(4, 6, 9)
    np.testing.assert_allclose((basis @ basis.T).numpy(), np.eye(16), atol=1e-6)


def test_a_finer_basis_has_the_same_functions():
    fine = cosine_basis(4, 6, 9, (18, 27)).view(16, 18, 27)
    # Centres of a threefold grid fall on the coarse centres in the middle of each three.
    np.testing.assert_allclose(fine[:, 1::3, 1::3].flatten(1), cosine_basis(4, 6, 9), atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_decode_is_series_then_the_twin_of_the_kernel(channels):
    model = small(channels)
    latents = torch.randn(2, 5, generator=torch.Generator().manual_seed(1))
    images = model.decode(latents).detach()
    outputs = model.decoder(latents).detach()
    for image, output in zip(images, outputs, strict=True):
        series = output[: 3 * 16].view(3, 16).double() @ model.basis.double()
        weights = (model.shared + model.config.net_scale * output[3 * 16 :]).detach()
        values = fourier_twin.forward(model.net, weights.numpy(), series.numpy())
        np.testing.assert_allclose(image.flatten(1).numpy(), values.clip(-1, 1), atol=1e-4)


def test_encoded_images_decode_at_other_sizes():
    model = small(3)
    images = torch.rand(2, 3, 9, 14, generator=torch.Generator().manual_seed(2)) * 2 - 1
    latents = model.encode(images)
    assert latents.shape == (2, 5)
    assert model.decode(latents, (20, 3)).shape == (2, 3, 20, 3)
    torch.testing.assert_close(model.decode(latents, (9, 14)), model.decode(latents))


def test_loss_is_squared_error_and_spread():
    model = small(latent_noise=0.0, spread_weight=2.0)
    images = torch.rand(6, 1, 9, 14, generator=torch.Generator().manual_seed(3)) * 2 - 1
    batch = Batch(images, None, torch.arange(6))
    losses = model.loss(batch, progress=0.0, generator=torch.Generator())
    latents = model.encode(images)
    values = fourier_nets(model.net, *model._networks(latents, model.basis))
    error = (values - images.flatten(2)).square().sum((1, 2)).mean()
    spread = latents.mean(0).square().sum() + (latents.var(0, correction=0) - 1).square().sum()
    torch.testing.assert_close(losses["loss"], error + 2 * spread)
    torch.testing.assert_close(losses["mean_squared_error"], error.detach() / (9 * 14))


def test_steps_lower_the_error():
    model = small(latent_noise=0.01)
    generator = torch.Generator().manual_seed(4)
    images = torch.rand(8, 1, 9, 14, generator=generator) * 2 - 1
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    errors = []
    for _ in range(60):
        losses = model.loss(Batch(images, None, torch.arange(8)), progress=0, generator=generator)
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
        errors.append(float(losses["mean_squared_error"]))
    assert errors[-1] < 0.7 * errors[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latent_dim": 0}, "latent_dim must be at least 1"),
        ({"num_series": 11}, "must be in 1..10"),
        ({"net_hidden": [0]}, "hidden widths must be in 1..10"),
        ({"decoder_hidden": [8, 0]}, "decoder_hidden must be at least 1 each"),
        ({"latent_noise": -1.0}, "latent_noise must not be below 0"),
        ({"net_scale": 0.0}, "net_scale must be above 0"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(SeriesGeneratorConfig, SMALL | change)


def test_a_file_of_16_bits_keeps_weights_and_priors(tmp_path):
    model = small()
    pixels = np.random.default_rng(5).integers(0, 256, (20, 9, 14, 1), np.uint8)
    model.finish(ImageSet("noise", pixels, None, ()), generator=torch.Generator().manual_seed(6))
    for dtype in ("float32", "float16"):
        save_model(tmp_path / dtype, model, {}, dtype=dtype)
    wide, narrow = (TensorFile.read(tmp_path / dtype, "model") for dtype in ("float32", "float16"))
    assert wide.tensors.keys() == narrow.tensors.keys()
    assert {t.dtype for t in narrow.tensors.values()} == {torch.float16}
    drawn = [
        load_model(tmp_path / dtype).sample(4, generator=torch.Generator().manual_seed(7))
        for dtype in ("float32", "float16")
    ]
    torch.testing.assert_close(drawn[0], drawn[1], atol=0.05, rtol=0)
