"""Models whose latents are grids: analysis and synthesis, other sizes, draws, files."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from test_model_conformance import build, generator, images_of
from toy_training import toy_images, toy_settings

from overtone.data import ImageSet
from overtone.errors import ConfigError, TrainError
from overtone.models.base import Batch, ImageSpec, from_pixels
from overtone.models.dct_flow.blocks import block_waves
from overtone.models.dct_flow.config import DctFlowConfig
from overtone.models.dct_flow.model import DctFlow
from overtone.models.grid_latent import AbstractGridModel
from overtone.models.layers.colors import color_matrix
from overtone.models.local_dictionary.atoms import WaveAtoms
from overtone.models.local_dictionary.config import LocalDictionaryConfig
from overtone.models.local_dictionary.model import LocalDictionary, least_squares
from overtone.models.local_dictionary.tiles import tile_places
from overtone.models.priors.grid_flow import GridFlowConfig
from overtone.models.priors.grid_flow_net import GridNetConfig
from overtone.models.store import load_model, save_model
from overtone.training.run import train
from overtone.transform.dct import dct2

NAMES = ["dct-flow", "local-dictionary"]
FLOW = GridFlowConfig(
    net=GridNetConfig(width=16, num_blocks=2, coarse_width=16, coarse_blocks=1, condition_width=8),
    num_steps=2,
)


def spec_of(height: int, width: int, channels: int = 3) -> ImageSpec:
    return ImageSpec(height=height, width=width, channels=channels, num_images=4)


def smooth_images(count: int, height: int, width: int) -> ImageSet:
    """Colour pictures of few waves each."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [
        np.sin(2 * math.pi * (rng.uniform(-2, 2) * y + rng.uniform(-2, 2) * x + rng.random()))
        for _ in range(3 * count)
    ]
    levels = 127 + 60 * np.stack(waves).reshape(count, 3, height, width).transpose(0, 2, 3, 1)
    return ImageSet("waves", levels.astype(np.uint8), np.arange(count) % 2, ("even", "odd"))


def noise_images(shape: tuple[int, ...]) -> torch.Tensor:
    return torch.rand(shape, generator=generator(3)) * 2 - 1


@pytest.mark.parametrize("block_px", [3, 4, 8])
@pytest.mark.parametrize("shape", [(24, 40, 3), (9, 20, 1), (7, 1, 3)], ids=str)
def test_blocks_of_cosines_are_undone_exactly(block_px, shape):
    height, width, channels = shape
    config = DctFlowConfig(block_px=block_px, flow=FLOW)
    model = DctFlow(config, spec_of(*shape), generator=generator())
    images = noise_images((3, channels, height, width))
    tokens = model.analyse(images)
    assert tokens.shape[1:] == (-(-height // block_px), -(-width // block_px), model.grid[2])
    assert torch.allclose(model.decode(model.encode(images)), images, atol=1e-5)


def test_tokens_are_the_orthonormal_cosines_of_each_block():
    model = DctFlow(DctFlowConfig(flow=FLOW), spec_of(8, 12), generator=generator())
    images = noise_images((2, 3, 8, 12))
    planes = torch.einsum("kc,bchw->bkhw", color_matrix(3), images).numpy()
    tokens = model.analyse(images)
    for row, column, plane in ((0, 0, 0), (1, 2, 1), (0, 1, 2)):
        block = planes[1, plane, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        found = tokens[1, row, column].view(3, 4, 4)[plane]
        assert found.numpy() == pytest.approx(dct2(block), abs=1e-5)


def test_luma_weights_sum_to_one_and_differences_to_nothing():
    assert color_matrix(3).sum(1) == pytest.approx([1, 0, 0], abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_larger_picture_goes_through_the_pixels_of_the_smaller(name):
    model = build(name, images_of(12, 10, 3))
    assert isinstance(model, AbstractGridModel)
    tokens = torch.randn(2, *model.grid, generator=generator(1))
    small, large = model.synthesise(tokens), model.synthesise(tokens, (36, 50))
    # the middle of each three by five pixels is at the centre of the small one
    assert torch.allclose(large[:, :, 1::3, 2::5], small, atol=1e-4)
    assert model.synthesise(tokens, (5, 31)).shape == (2, 3, 5, 31)


def test_blocks_are_faded_into_each_other_without_a_step():
    waves = block_waves(8, 4, 8000)
    assert waves.diff(dim=0).abs().max() < 0.01
    constant = torch.tensor([2.0, 0, 0, 0, 2.0, 0, 0, 0])
    assert torch.allclose(waves @ constant, torch.ones(8000), atol=1e-6)


@pytest.mark.parametrize(("length", "cell_px", "count"), [(12, 4, 12), (10, 4, 37), (3, 8, 5)])
def test_windows_of_tiles_sum_to_one(length, cell_px, count):
    positions, windows = tile_places(length, cell_px, count)
    assert positions.shape == windows.shape == (-(-length // cell_px), count)
    assert torch.allclose(windows.sum(0), torch.ones(count, dtype=torch.float64))
    assert (windows[(positions <= 0) | (positions >= 1)] == 0).all()


def dictionary(form: str, images: ImageSet, **settings) -> LocalDictionary:
    config = LocalDictionaryConfig(form=form, flow=FLOW, **settings)  # pyright: ignore[reportArgumentType]
    model = LocalDictionary(config, ImageSpec.of(images), generator=generator())
    model.begin(images, generator=generator(1))
    return model


@pytest.mark.parametrize("form", ["waves", "components"])
def test_placed_atoms_are_what_weights_are_summed_with(form):
    images = smooth_images(40, 12, 10)
    model = dictionary(form, images, num_atoms=5, fit_steps=2)
    weights = torch.randn(2, *model.grid, generator=generator(2))
    placed = (weights.flatten(1) @ model.atoms.matrix(12, 10)).view(2, 3, 12, 10)
    assert torch.allclose(placed, model.synthesise(weights), atol=1e-4)


def test_an_atom_is_its_formula_at_each_pixel():
    atoms = WaveAtoms(3, 3, 4, generator=generator(5))
    matrix = atoms.matrix(8, 10).view(2, 3, 3, 3, 8, 10)
    for row, column, atom, y, x in ((0, 1, 2, 3, 5), (1, 2, 0, 7, 9), (0, 0, 1, 0, 1)):
        value = float(atoms.colors[atom, 1])
        for axis, cell, place, length in ((0, row, y, 8), (1, column, x, 10)):
            frequency, phase, centre, log_width = atoms.shapes[:, atom, axis].tolist()
            at = (place + 0.5 - (cell - 0.5) * 4) / 8
            bell = math.exp(-(((at - centre) / math.exp(log_width)) ** 2) / 2)
            window = float(tile_places(length, 4, length)[1][cell, place])
            value *= math.sin(2 * math.pi * (frequency * at + phase)) * bell * window
        assert float(matrix[row, column, atom, 1, y, x]) == pytest.approx(value, abs=1e-5)


def test_weights_are_those_of_least_squares():
    atoms = torch.randn(6, 20, generator=generator(1))
    images = torch.randn(4, 20, generator=generator(2))
    wanted = torch.linalg.lstsq(atoms.T, images.T).solution.T
    assert torch.allclose(images @ least_squares(atoms, 1e-9), wanted, atol=1e-4)


def test_fitting_the_waves_lowers_the_error_and_beats_components():
    images = smooth_images(60, 16, 24)
    pictures = from_pixels(torch.from_numpy(images.images))
    errors = {}
    for key, form, steps in (("0", "waves", 0), ("60", "waves", 60), ("pca", "components", 0)):
        model = dictionary(form, images, num_atoms=3, fit_steps=steps)
        errors[key] = float((model.decode(model.encode(pictures)) - pictures).square().mean())
    assert errors["60"] < errors["0"]
    assert errors["60"] < 0.9 * errors["pca"]
    assert errors["pca"] < 0.2 * float(pictures.square().mean())


def test_more_atoms_than_a_cell_has_values_are_refused():
    with pytest.raises(ConfigError, match="49 atoms are more than the 48 values of a cell"):
        LocalDictionary(LocalDictionaryConfig(num_atoms=49), spec_of(8, 8), generator=generator())


@pytest.mark.parametrize("name", NAMES)
def test_what_was_seen_is_in_the_file(name, tmp_path):
    images = smooth_images(40, 12, 10)
    model = build(name, images).eval()
    assert isinstance(model, AbstractGridModel)
    model.begin(images, generator=generator(1))
    save_model(tmp_path / "m.safetensors", model, {})
    loaded = load_model(tmp_path / "m.safetensors")
    assert isinstance(loaded, AbstractGridModel)
    pictures = from_pixels(torch.from_numpy(images.images[:4]))
    assert torch.equal(loaded.encode(pictures), model.encode(pictures))
    assert torch.equal(loaded.class_shares, torch.tensor([0.5, 0.5]))
    labels = torch.tensor([1, 0, 1])
    drawn = [
        m.sample(3, generator=generator(), labels=labels, guidance=2.0) for m in (model, loaded)
    ]
    assert torch.equal(*drawn)


@pytest.mark.parametrize("name", NAMES)
def test_classes_of_draws_follow_their_shares(name):
    images = images_of(12, 10, 3)
    skewed = dataclasses.replace(images, labels=np.zeros(16, np.int64))
    model = build(name, skewed)
    model.begin(skewed, generator=generator())
    some = model.sample(4, generator=generator(2))
    source = generator(2)
    torch.multinomial(torch.tensor([1.0, 0.0]), 4, replacement=True, generator=source)
    first = model.sample(4, generator=source, labels=torch.zeros(4, dtype=torch.long))
    assert torch.equal(some, first)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_without_classes_is_not_guided(name):
    images = dataclasses.replace(images_of(12, 10, 3), labels=None, class_names=())
    model = build(name, images)
    with pytest.raises(ConfigError, match=f"a {name} draws without guidance"):
        model.sample(2, generator=generator(), guidance=2.0)


def test_flips_mirror_half_of_the_training_pictures():
    images = smooth_images(64, 8, 12)
    model = DctFlow(
        DctFlowConfig(flips=True, flow=FLOW), ImageSpec.of(images), generator=generator()
    )
    seen = []
    model.flow.loss = lambda tokens, labels, generator, share: seen.append(tokens) or tokens.sum()  # pyright: ignore[reportAttributeAccessIssue]
    pictures = from_pixels(torch.from_numpy(images.images))

    batch = Batch(pictures, None, torch.arange(64))
    for is_training in (True, False):
        model.train(is_training)
        model.loss(batch, progress=0.0, generator=generator())
    again = [model.synthesise(tokens) for tokens in seen]
    flipped = [
        bool(torch.allclose(a, b.flip(2), atol=1e-4))
        for a, b in zip(again[0], pictures, strict=True)
    ]
    assert 16 < sum(flipped) < 48
    assert torch.allclose(again[1], pictures, atol=1e-4)


def test_a_time_that_is_over_before_the_first_step_is_refused(tmp_path):
    settings = [
        *(each for each in toy_settings("local-dictionary") if not each.startswith("train.steps")),
        "train.core_minutes=1e-6",
    ]
    with pytest.raises(TrainError, match="were over before the first step, which began after"):
        train("local-dictionary", toy_images(), out=tmp_path / "run", settings=settings)
    assert not (tmp_path / "run" / "model.safetensors").exists()
