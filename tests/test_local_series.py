"""The local series generator: tiles at any size, both sides of its training, what it stores."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from toy_training import toy_images, toy_settings

from overtone.errors import ConfigError
from overtone.models.base import ImageSpec
from overtone.models.layers.colors import color_matrix
from overtone.models.layers.fourier_net import plain_fourier_nets
from overtone.models.local_series.config import LocalSeriesConfig, SeriesNetConfig
from overtone.models.local_series.critic import Critic, relativistic_loss, squared_slopes
from overtone.models.local_series.model import LocalSeriesGenerator
from overtone.models.local_series.net import SeriesNet
from overtone.models.local_series.tiles import synthesize, tile_basis
from overtone.models.store import load_model
from overtone.training.feed import ImageFeed
from overtone.training.run import train

SMALL = SeriesNetConfig(
    num_frequencies=3, coarse_width=8, coarse_blocks=1, fine_width=6, fine_blocks=1
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def model_of(height: int, width: int, **changes) -> LocalSeriesGenerator:
    images = toy_images()
    spec = ImageSpec(
        height=height, width=width, channels=3, num_images=40, class_names=images.class_names
    )
    config = LocalSeriesConfig(**{"latent_dim": 3, "class_dim": 2, "series": SMALL, **changes})
    return LocalSeriesGenerator(config, spec, generator=generator())


def by_hand(series: np.ndarray, height: int, width: int, cell_px: int) -> np.ndarray:
    """One gray picture, a pixel, tile and cosine at a time; cells beyond the border repeat."""
    num_k, _, rows, columns = series.shape
    picture = np.zeros((height, width))
    for y, x in np.ndindex(height, width):
        for row, column in np.ndindex(rows + 2, columns + 2):
            v = (y + 0.5 - (row - 1.5) * cell_px) / (2 * cell_px)
            u = (x + 0.5 - (column - 1.5) * cell_px) / (2 * cell_px)
            if not (0 < u < 1 and 0 < v < 1):
                continue
            window = (math.sin(math.pi * u) * math.sin(math.pi * v)) ** 2
            cell = min(max(row - 1, 0), rows - 1), min(max(column - 1, 0), columns - 1)
            for i, j in np.ndindex(num_k, num_k):
                size = (math.sqrt(2) if i else 1) * (math.sqrt(2) if j else 1) / (1 + i) / (1 + j)
                wave = math.cos(math.pi * i * v) * math.cos(math.pi * j * u)
                picture[y, x] += size * wave * window * series[i, j][cell]
    return picture


@pytest.mark.parametrize(("height", "width", "cell_px"), [(12, 10, 4), (9, 20, 5)])
def test_tiles_are_those_of_the_formula(height, width, cell_px):
    rows, columns = -(-height // cell_px), -(-width // cell_px)
    series = np.random.default_rng(1).normal(size=(3, 3, rows, columns))
    found = synthesize(
        torch.from_numpy(series).float().reshape(1, 9, rows, columns),
        tile_basis(rows, 3, height, cell_px, height),
        tile_basis(columns, 3, width, cell_px, width),
        1,
    )
    wanted = by_hand(series, height, width, cell_px)
    np.testing.assert_allclose(found[0, 0].numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("count", [10, 7, 64])
def test_equal_constants_make_a_constant_at_any_size(count):
    basis = tile_basis(3, 4, 10, 4, count).unflatten(0, (3, 4))
    torch.testing.assert_close(basis[:, 0].sum(0), torch.ones(count))


def test_three_times_the_size_has_the_same_pixels_between():
    net = SeriesNet(SMALL, model_of(12, 10).spec, generator=generator())
    coarse = torch.randn(2, 8, 2, 2, generator=generator(1))
    small, large = net(coarse), net(coarse, (36, 30))
    torch.testing.assert_close(large[:, :, 1::3, 1::3], small, atol=1e-5, rtol=1e-4)


def test_colour_differences_have_the_lower_frequencies_only():
    spec = model_of(12, 20).spec
    few = dataclasses.replace(SMALL, num_chroma_frequencies=2)
    net = SeriesNet(few, spec, generator=generator())
    coarse = torch.randn(2, 8, 2, 3, generator=generator(1))
    planes = torch.einsum("kc,bchw->bkhw", color_matrix(3), net(coarse))
    series = net.to_series(net._features(coarse))
    assert series.shape[1] == 3 * 3 + 2 * 2 * 2
    bases = (tile_basis(n, k, side, 4, side) for k in (3, 2) for n, side in ((3, 12), (5, 20)))
    luma_y, luma_x, chroma_y, chroma_x = bases
    wanted = [
        synthesize(series[:, :9], luma_y, luma_x, 1),
        synthesize(series[:, 9:], chroma_y, chroma_x, 2),
    ]
    torch.testing.assert_close(planes, torch.cat(wanted, 1), atol=1e-5, rtol=1e-4)


def test_more_frequencies_in_colour_differences_than_in_luma_are_refused():
    with pytest.raises(ValueError, match="num_chroma_frequencies must be at most num_frequencies"):
        SeriesNetConfig(num_frequencies=3, num_chroma_frequencies=4)


def test_composed_layers_add_a_network_of_each_picture():
    spec = model_of(12, 10).spec
    plain, composed = (
        SeriesNet(dataclasses.replace(SMALL, composed_layers=n), spec, generator=generator())
        for n in (0, 2)
    )
    composed.load_state_dict(plain.state_dict(), strict=False)
    coarse = torch.randn(2, 8, 2, 2, generator=generator(1))
    values, found = plain(coarse, (24, 30)), composed(coarse, (24, 30))
    assert composed.composed is not None
    coefficients = composed.to_composed(composed._features(coarse).mean((2, 3)))
    added = plain_fourier_nets(composed.composed, coefficients, 0.25 * values.flatten(2))
    torch.testing.assert_close(found - values, added.view(values.shape), atol=1e-5, rtol=1e-4)
    assert (found - values).abs().mean() > 0.001


def test_each_side_moves_its_own_weights_only():
    images = toy_images()
    model = model_of(12, 10)
    model.begin(images, generator=generator())
    batch = ImageFeed(images, torch.device("cpu")).batch(np.arange(8))
    for loss, moved in ((model.loss, "critic."), (model.second_loss, "")):
        model.zero_grad()
        loss(batch, progress=0.5, generator=generator())["loss"].backward()
        names = {name for name, p in model.named_parameters() if p.grad is not None}
        assert names
        assert {name.startswith("critic.") for name in names} == {moved == "critic."}
    assert all(p.requires_grad for p in model.parameters())


def test_the_loss_wants_the_better_ones_above_the_worse():
    low, high = torch.tensor([0.0, 1.0]), torch.tensor([2.0, 3.0])
    assert relativistic_loss(high, low) < relativistic_loss(low, low) < relativistic_loss(low, high)
    assert relativistic_loss(low, low).item() == pytest.approx(math.log(2))


def test_slopes_are_those_of_differences():
    spec = dataclasses.replace(model_of(12, 10).spec, class_names=())
    critic = Critic(4, 1, spec, generator=generator()).double()
    image = torch.randn(1, 3, 12, 10, generator=generator(1)).double()

    def score(values: torch.Tensor) -> torch.Tensor:
        return critic(values, None)

    step = 1e-5
    slopes = []
    for place in range(image.numel()):
        change = torch.zeros_like(image).flatten()
        change[place] = step
        change = change.reshape(image.shape)
        with torch.no_grad():
            slopes.append(((score(image + change) - score(image - change)) / (2 * step)).item())
    found = squared_slopes(critic.float(), image.float(), None)
    assert found.item() == pytest.approx(
        sum(s * s for s in slopes), rel=0.01
    )  # float32, and corners


def test_classes_are_drawn_as_often_as_they_were_seen():
    images = toy_images()
    assert images.labels is not None
    rare = images.subset(np.flatnonzero((images.labels == 0) | (np.arange(len(images)) % 4 == 0)))
    model = model_of(12, 10)
    model.begin(rare, generator=generator())
    latents = model.sample_latents(4000, generator=generator())
    assert rare.labels is not None
    wanted = np.bincount(rare.labels) / len(rare)
    np.testing.assert_allclose(latents[:, 3:].mean(0).numpy(), wanted, atol=0.03)


def test_guidance_leads_away_from_the_mean_of_the_classes():
    model = model_of(12, 10)
    model.begin(toy_images(), generator=generator())
    labels = torch.tensor([0, 1, 1])
    plain, guided, none = (
        model.sample_latents(3, generator=generator(), labels=labels, guidance=weight)
        for weight in (1.0, 2.0, 0.0)
    )
    assert torch.equal(plain[:, 3:], torch.eye(2)[labels])
    torch.testing.assert_close(none[:, 3:], model.class_shares.expand(3, -1))
    torch.testing.assert_close(guided, 2 * plain - none)


def test_after_training_classes_are_apart_by_their_gain():
    plain, apart = (model_of(12, 10, class_gain=gain) for gain in (1.0, 1.5))
    labels = torch.tensor([0, 1, 1])
    for model in (plain, apart):
        model.begin(toy_images(), generator=generator())
        model.finish(toy_images(), generator=generator())
    guided = plain.sample(3, generator=generator(), labels=labels, guidance=1.5)
    drawn = apart.sample(3, generator=generator(), labels=labels)
    torch.testing.assert_close(drawn, guided, atol=1e-5, rtol=1e-4)


def test_pictures_of_a_class_differ_from_the_start():
    model = model_of(12, 10, latent_dim=32)
    model.begin(toy_images(), generator=generator())
    same = model.sample(64, generator=generator(), labels=torch.zeros(64, dtype=torch.int64))
    any_class = model.sample(64, generator=generator())
    assert same.std(0).mean() > 0.8 * any_class.std(0).mean()


def test_numbers_of_a_tile_move_its_neighbourhood_only():
    model = model_of(40, 60, cell_dim=2)
    latents = model.sample_latents(1, generator=generator(), labels=torch.tensor([1]))
    assert latents.shape == (1, 3 + 2 * 10 * 15 + 2)
    corner = latents.clone()
    corner[:, 3] += 1.0  # the first number of the tile above and left
    moved = (model.decode(corner) - model.decode(latents)).abs().amax((0, 1))
    assert moved[:4, :4].max() > 1e-3
    assert moved[24:].max() == 0
    assert moved[:, 24:].max() == 0


def test_the_rate_of_the_generator_rises_to_that_of_the_critic():
    model = model_of(12, 10, generator_rate_start=0.25)
    model.begin(toy_images(), generator=generator())
    assert model.critic is not None
    own, critic = model.parameter_groups()
    assert (own.rate_start, own.rate_end) == (0.25, 1.0)
    assert (critic.rate_start, critic.rate_end) == (1.0, 1.0)
    names = {id(p): name for name, p in model.named_parameters()}
    found = [names[id(p)] for p in (*own.parameters, *critic.parameters)]
    assert sorted(found) == sorted(names.values())
    assert {names[id(p)].startswith("critic.") for p in critic.parameters} == {True}
    assert not any(names[id(p)].startswith("critic.") for p in own.parameters)


def test_the_critic_is_not_in_the_file(tmp_path):
    name = "local-series-generator"
    result = train(name, toy_images(), out=tmp_path / "run", settings=toy_settings(name))
    model = load_model(result.path)
    assert not [key for key in model.state_dict() if key.startswith("critic")]
    assert isinstance(model, LocalSeriesGenerator)
    assert model.critic is None


def test_what_it_cannot_do_is_said():
    model = model_of(12, 10)
    with pytest.raises(ConfigError, match="has no encoder"):
        model.encode(torch.zeros(1, 3, 12, 10))
    with pytest.raises(ValueError, match=r"prior\.fitted must be empty, got flow"):
        LocalSeriesConfig(prior=dataclasses.replace(model.prior_config, fitted=("flow",)))
