"""Colouring and enlarging: what is given stays, results differ, and mistakes are named."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import scene
from toy_lists import build, images_of

from overtone.cli.main import main
from overtone.data.pixels import resized
from overtone.errors import ConfigError
from overtone.imaging.image import Picture, picture_to_bytes, read_picture
from overtone.models.dct_transformer.complete import colorize, upscale
from overtone.models.store import save_model
from overtone.transform.color import rgb_to_ycbcr
from overtone.transform.levels import to_levels
from overtone.transform.triples import TripleLists

HEIGHT, WIDTH = 16, 24


@pytest.fixture(scope="module")
def painter():
    return build(HEIGHT, WIDTH, 3, order="luma-first")


@pytest.fixture(scope="module")
def enlarger():
    return build(HEIGHT, WIDTH, 3, order="low-first")


def test_luma_stays_bit_for_bit_and_colours_differ(painter, monkeypatch):
    images = images_of(HEIGHT, WIDTH, 3, count=2)
    drawn = []
    of_lists = painter.vocabulary.images_of
    monkeypatch.setattr(
        painter.vocabulary, "images_of", lambda lists: drawn.append(lists) or of_lists(lists)
    )
    results = colorize(painter, images, num_results=3, seed=1)
    assert results.shape == (2, 3, HEIGHT, WIDTH, 3)
    own = painter.vocabulary.lists_of(images).split()
    for number, triples in enumerate(drawn[0].split()):
        before = own[number // 3]
        np.testing.assert_array_equal(triples[triples[:, 0] < 64], before[before[:, 0] < 64])
    assert not np.array_equal(results[:, 0], results[:, 1])
    np.testing.assert_array_equal(colorize(painter, images, num_results=3, seed=1), results)


def test_gray_pictures_are_coloured_like_their_luma(painter):
    images = images_of(HEIGHT, WIDTH, 3, count=2)
    gray = rgb_to_ycbcr(images)[..., :1]
    np.testing.assert_array_equal(colorize(painter, gray), colorize(painter, images))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_luma_samples_themselves_come_back(painter, channels):
    images = images_of(HEIGHT, WIDTH, 3, count=2)
    luma = rgb_to_ycbcr(images)[..., 0]
    results = colorize(painter, luma[..., None] if channels == 1 else images, num_results=2)
    assert results.std() > 0
    errors = rgb_to_ycbcr(results)[..., 0].astype(int) - luma[:, None].astype(int)
    assert np.abs(errors).max() <= 1


@pytest.mark.parametrize("factor", [2, 4])
def test_low_frequencies_are_those_of_the_small_picture(enlarger, factor, monkeypatch):
    images = images_of(HEIGHT, WIDTH, 3, count=2)
    small = resized(images, (HEIGHT // factor, WIDTH // factor))
    drawn = []
    of_lists = enlarger.vocabulary.images_of
    monkeypatch.setattr(
        enlarger.vocabulary, "images_of", lambda lists: drawn.append(lists) or of_lists(lists)
    )
    results = upscale(enlarger, small, factor=factor, num_results=2)
    assert results.shape == (2, 2, HEIGHT, WIDTH, 3)
    assert not np.array_equal(results[:, 0], results[:, 1])
    first_drawn = 3 * (8 // factor) ** 2
    low = [own[own[:, 0] < first_drawn] for own in drawn[0].split()]
    np.testing.assert_array_equal(low[0], low[1])
    lists = TripleLists(np.concatenate(low), np.array([len(own) for own in low]))
    smooth = of_lists(lists).reshape(4, HEIGHT // factor, factor, WIDTH // factor, factor, 3)
    # What was given, rounded to the model's own steps.
    assert np.abs(smooth.mean((2, 4)) - small.repeat(2, 0)).mean() < 10


def test_the_low_band_of_a_flat_picture_is_exact(enlarger):
    small = np.full((1, HEIGHT // 2, WIDTH // 2, 3), 90, np.uint8)
    large = np.full((1, HEIGHT, WIDTH, 3), 90, np.uint8)
    tables = enlarger.vocabulary.tables
    first = to_levels(large, tables)[0][:, 0]
    result = upscale(enlarger, small)[:, 0]
    assert result.shape == large.shape
    lists = enlarger.vocabulary.lists_of(large).split()[0]
    assert {int(value) for value in lists[lists[:, 0] == 0][:, 2]} == {int(first[0, 0, 0])}


def test_seeds_and_classes_are_conditions(painter):
    images = images_of(HEIGHT, WIDTH, 3, count=1)
    base = colorize(painter, images, seed=1)
    assert not np.array_equal(base, colorize(painter, images, seed=2))
    assert colorize(painter, images, class_name="a").shape == base.shape
    with pytest.raises(ConfigError, match="unknown class c"):
        colorize(painter, images, class_name="c")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, e: colorize(e, images_of(HEIGHT, WIDTH, 3)), "order luma-first is needed"),
        (lambda p, e: upscale(p, images_of(8, 12, 3)), "order low-first is needed"),
        (
            lambda p, e: colorize("fashion-mnist", images_of(8, 12, 3)),
            "a dct-completer of the task colorize or a dct-transformer is needed",
        ),
        (
            lambda p, e: upscale("fashion-mnist", images_of(8, 12, 1)),
            "a dct-completer of the task upscale or a dct-transformer is needed",
        ),
        (lambda p, e: colorize(p, images_of(8, 12, 3)), "pictures of 24x16 are needed"),
        (lambda p, e: upscale(e, images_of(8, 12, 3), factor=3), "factor must be 2, 4"),
        (lambda p, e: upscale(e, images_of(8, 12, 1)), "3 channels, got 1"),
        (lambda p, e: upscale(e, images_of(8, 12, 3), num_results=0), "at least 1 result"),
    ],
)
def test_mistakes_are_named(painter, enlarger, call, message):
    with pytest.raises(ConfigError, match=message):
        call(painter, enlarger)


@pytest.mark.parametrize("verb", ["colorize", "upscale"])
def test_the_commands_draw_rows_of_results(verb, painter, enlarger, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_model(tmp_path / "m.safetensors", painter if verb == "colorize" else enlarger, {})
    for number in range(2):
        data = picture_to_bytes(Picture(scene(41, 53, seed=number), _none()), ".png")
        (tmp_path / f"in{number}.png").write_bytes(data)
    words = [verb, "m.safetensors", "in0.png", "in1.png", "-n", "2"]
    assert main([*words, "-o", "grid.png", "--originals"]) == 0
    assert read_picture("grid.png").pixels.shape == (2 * (HEIGHT + 2) + 2, 3 * (WIDTH + 2) + 2, 3)
    assert main([*words, "-o", "folder"]) == 0
    names = sorted(path.name for path in (tmp_path / "folder").iterdir())
    assert names == ["in0-0.png", "in0-1.png", "in1-0.png", "in1-1.png"]
    assert main([*words, "-o", "grid.png"]) == 1
    assert "exists" in capsys.readouterr().err


def _none():
    from overtone.bitstream.container import Metadata

    return Metadata()


def test_drawing_leaves_the_global_generator_alone(painter):
    before = torch.get_rng_state()
    colorize(painter, images_of(HEIGHT, WIDTH, 3, count=1))
    assert torch.equal(before, torch.get_rng_state())
