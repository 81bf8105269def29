"""The control: exact principal components, white latents, a stated policy for other sizes."""

import numpy as np
import pytest
import torch

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import Batch, ImageSpec, from_pixels
from overtone.models.latent import PriorConfig
from overtone.models.pca.config import PcaConfig
from overtone.models.pca.model import Pca, principal_components


def images(count, height, width, channels, seed=0):
    """Random mixtures of a few pictures, so that few components explain nearly everything."""
    rng = np.random.default_rng(seed)
    basis = rng.normal(size=(5, height * width * channels)) * 40
    pixels = (
        128 + rng.normal(size=(count, 5)) @ basis / 3 + rng.normal(size=(count, basis.shape[1]))
    )
    pixels = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return ImageSet("mixtures", pixels.reshape(count, height, width, channels))


def fitted(data, **settings):
    config = PcaConfig(prior=PriorConfig(fitted=(), default="normal"), **settings)
    model = Pca(config, ImageSpec.of(data), generator=torch.Generator().manual_seed(0))
    model.finish(data, generator=torch.Generator().manual_seed(1))
    return model.eval()


@pytest.mark.parametrize("shape", [(60, 4, 7, 1), (30, 5, 3, 3), (12, 6, 9, 1)])
def test_components_are_those_of_the_singular_value_decomposition(shape):
    """The last two shapes have more values than images: eigenvectors of the smaller matrix."""
    data = images(*shape)
    rows = from_pixels(torch.from_numpy(data.images)).flatten(1)
    mean, components, deviations = principal_components(list(rows.split(7)), 4)
    exact = rows.double().numpy()
    centred = exact - exact.mean(0)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(mean, exact.mean(0), atol=1e-12)
    np.testing.assert_allclose(deviations, values[:4] / np.sqrt(len(rows) - 1), rtol=1e-9)
    overlap = np.abs(components.numpy() @ axes[:4].T)
    np.testing.assert_allclose(overlap, np.eye(4), atol=1e-7)  # gaps of eigenvalues are about 1
    assert (components.gather(1, components.abs().argmax(1, keepdim=True)) > 0).all()


def test_latents_of_the_training_images_are_white():
    data = images(200, 6, 9, 1)
    model = fitted(data, num_components=4)
    latents = model.encode(from_pixels(torch.from_numpy(data.images))).detach().double().numpy()
    np.testing.assert_allclose(latents.mean(0), 0, atol=1e-4)  # float32 over 54 terms
    np.testing.assert_allclose(np.cov(latents.T), np.eye(4), atol=1e-4)


def test_all_components_reconstruct_and_fewer_are_worse():
    data = images(100, 4, 5, 1)
    x = from_pixels(torch.from_numpy(data.images))
    errors = []
    for num_components in (20, 5, 2):
        model = fitted(data, num_components=num_components)
        again = model.decode(model.encode(x))
        errors.append(float(((again - x) ** 2).mean().detach()))
    assert errors[0] < 1e-10  # float32
    assert errors[0] < errors[1] < errors[2]


def test_samples_from_the_normal_prior_have_the_moments_of_the_images():
    data = images(300, 4, 6, 1)
    model = fitted(data, num_components=20)
    drawn = model.sample(4000, generator=torch.Generator().manual_seed(2)).flatten(1).double()
    x = from_pixels(torch.from_numpy(data.images)).flatten(1).double()
    deviation = x.std(0)
    # A mean of 4,000 draws is off by 1/63 deviation; four of these.
    assert ((drawn.mean(0) - x.mean(0)).abs() < 4 / 63 * deviation).all()
    torch.testing.assert_close(drawn.std(0), deviation, rtol=0.1, atol=0)


def test_other_sizes_are_a_bicubic_enlargement():
    data = images(50, 4, 6, 3)
    model = fitted(data, num_components=3)
    latents = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    large = model.decode(latents, (8, 15))
    assert large.shape == (2, 3, 8, 15)
    torch.testing.assert_close(
        large.mean((2, 3)), model.decode(latents).mean((2, 3)), atol=0.1, rtol=0
    )
    assert torch.equal(model.decode(latents, (4, 6)), model.decode(latents))


def test_more_components_than_there_can_be_are_refused():
    spec = ImageSpec(height=3, width=5, channels=1, num_images=9)
    generator = torch.Generator().manual_seed(0)
    with pytest.raises(ConfigError, match="to at most 8"):
        Pca(PcaConfig(num_components=10), spec, generator=generator)


def test_constant_images_encode_to_numbers():
    data = ImageSet("gray", np.full((9, 3, 4, 1), 77, np.uint8))
    model = fitted(data, num_components=2)
    latents = model.encode(from_pixels(torch.from_numpy(data.images)))
    assert latents.isfinite().all()


def test_the_loss_falls_with_gradients_too():
    """Nobody needs it, but a model must keep the contract of all."""
    data = images(40, 4, 5, 1)
    model = Pca(
        PcaConfig(num_components=5), ImageSpec.of(data), generator=torch.Generator().manual_seed(0)
    )
    batch = Batch(from_pixels(torch.from_numpy(data.images)), None, torch.arange(40))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(30):
        loss = model.loss(batch, progress=0.0, generator=torch.Generator())["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
