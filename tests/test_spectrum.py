"""Spectra of pictures: their scale, their numbers, their figure."""

from __future__ import annotations

import dataclasses
import io
import json
import math

import numpy as np
import pytest
from helpers import SHAPES, scene
from PIL import Image

from overtone import spectrum
from overtone.cli.main import main
from overtone.editing.radial import radial_profile, ring_edges
from overtone.editing.spectrum_plot import spectra_to_bytes
from overtone.errors import ConfigError
from overtone.transform.dct import dct_matrix


def wave(height, width, cycles_x, cycles_y, amplitude=40.0):
    y, x = np.mgrid[:height, :width] / max(height, width)
    levels = 128 + amplitude * np.sin(2 * np.pi * (cycles_x * x + cycles_y * y))
    return np.rint(levels).astype(np.uint8)[..., None]


@pytest.mark.parametrize("domain", ["dct", "dft"])
@pytest.mark.parametrize("size", SHAPES, ids=str)
def test_the_profile_adds_up_to_the_variance(size, domain):
    planes = scene(*size).astype(np.float64).transpose(2, 0, 1)
    profile = radial_profile(planes, domain)
    cell = max(size) ** 2 / (size[0] * size[1])
    total = (profile.density * profile.counts).sum() * cell
    assert total == pytest.approx(planes.var((1, 2)).mean())
    assert (np.diff(profile.cycles) > 0).all()


def test_the_profile_of_one_scene_is_the_same_at_every_resolution():
    y, x = np.mgrid[:96, :144] / 144
    levels = sum(np.cos(2 * np.pi * (k * x + 1.3 * k * y) + k) * 30 / k for k in range(1, 9))
    fine = 128 + np.asarray(levels)[None]
    coarse = fine.reshape(1, 48, 2, 72, 2).mean((2, 4))
    densities = [radial_profile(planes).density[:8] for planes in (fine, coarse)]
    np.testing.assert_allclose(densities[0], densities[1], rtol=0.1)


def test_white_noise_has_one_density_at_all_frequencies():
    planes = np.random.default_rng(0).normal(0, 20, (3, 90, 140))
    for domain in ("dct", "dft"):
        profile = radial_profile(planes, domain)
        wide = profile.counts > 100
        expected = 400 / (90 * 140) / (140**2 / (90 * 140))
        np.testing.assert_allclose(profile.density[wide], expected, rtol=0.25)


def test_rings_grow_with_the_frequency():
    edges = ring_edges(300.0)
    assert edges[0] == 0.5
    assert edges[-1] > 300
    widths = np.diff(edges)
    assert widths.min() >= 1
    np.testing.assert_allclose(edges[-1] / edges[-2], 2 ** (1 / 6))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_sinusoid_shows_its_amplitude_and_frequency(dtype):
    scale = 1 if dtype == np.uint8 else 257
    found = spectrum(wave(90, 160, 40, -18).astype(dtype) * dtype(scale))
    (pattern,) = found.patterns
    assert (pattern.cycles_x, pattern.cycles_y) == pytest.approx((40, -18), abs=0.2)
    assert found.amplitude.max() == pytest.approx(40, rel=0.1)
    row, column = np.unravel_index(found.amplitude.argmax(), found.amplitude.shape)
    place = np.array([(column - 80) * 1.0, (row - 45) * 160 / 90])
    assert min(np.abs(place - sign * np.array([40, -18])).max() for sign in (-1, 1)) < 1
    assert found.deviation == pytest.approx(40 / math.sqrt(2), rel=0.02)
    assert found.shares[2] > 0.97


def test_block_energy_is_that_of_the_matrix_product():
    image = scene(24, 40)
    matrix = dct_matrix(8)
    total = np.zeros((8, 8))
    for y, x, c in np.ndindex(3, 5, 3):
        block = image[8 * y : 8 * y + 8, 8 * x : 8 * x + 8, c]
        total += np.square(matrix @ block @ matrix.T)
    np.testing.assert_allclose(spectrum(image).block_energy, total / 45)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", SHAPES, ids=str)
def test_pictures_of_any_size_have_numbers_and_a_figure(size, channels):
    found = spectrum(scene(*size, channels=channels))
    again = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (again["height"], again["width"]) == size
    assert sum(again["shares"].values()) == pytest.approx(1 if max(size) > 1 else 0)
    assert found.amplitude.shape == size
    if size == (41, 23) and channels == 4:
        opaque = spectrum(scene(*size, channels=4)[..., :3])
        assert opaque.to_json() == found.to_json()


def test_a_figure_is_drawn_of_one_and_of_several():
    flat, found = spectrum(np.full((30, 40, 3), 9, np.uint8)), spectrum(scene(24, 40))
    for spectra in ({"flat": flat}, {"flat": flat, "scene": found}):
        with Image.open(io.BytesIO(spectra_to_bytes(spectra, ".png"))) as image:
            assert image.format == "PNG"
    with pytest.raises(ConfigError, match=r"as \.png, \.svg or \.pdf, not as '\.ovt'"):
        spectra_to_bytes({"scene": found}, ".ovt")


@pytest.mark.parametrize("count", [1, 2, 10, 11, 40])
def test_names_of_any_kind_and_number_are_drawn_without_a_warning(count, recwarn):
    names = ["絵.png", "a$b$_^.png", "_hidden.png", "صورة.png", "x" * 300]
    names += [str(number) for number in range(40)]
    found = spectrum(scene(12, 20))
    text = spectra_to_bytes(dict.fromkeys(names[:count], found), ".svg").decode()
    assert ("絵.png" in text) == (count <= 10)
    assert ("a$b$_^.png, falls" in text) == (count in {2, 10})
    assert ("_hidden.png, falls" in text) == (count == 10)
    assert (f"radial profiles of {count} pictures" in text) == (count > 10)
    assert "x" * 50 not in text
    assert not recwarn.list


def test_power_that_rises_has_no_two_signs():
    found = spectrum(scene(12, 20))
    for slope, words in ((-0.46, "rises as f^0.46"), (1.5, "falls as f^−1.50")):
        drawn = {"a": dataclasses.replace(found, slope=slope)}
        assert f"a, {words}" in spectra_to_bytes(drawn, ".svg").decode()


def test_many_pictures_are_counted_and_few_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for number in range(4):
        Image.fromarray(scene(9, 14)).save(f"{number}.png")
    assert main(["spectrum", ".", "-o", "all.svg"]) == 0
    assert capsys.readouterr().err == "4 pictures -> all.svg\n"
    assert main(["spectrum", "0.png", "1.png", "-o", "two.svg"]) == 0
    assert capsys.readouterr().err == "0.png, 1.png -> two.svg\n"


def test_the_smallest_picture_is_drawn_too():
    assert b"<svg" in spectra_to_bytes({"point": spectrum(scene(1, 1))}, ".svg")


def test_a_flat_picture_has_no_power():
    found = spectrum(np.full((30, 40, 3), 9, np.uint8))
    assert found.shares == (0, 0, 0)
    assert found.slope is None
    assert found.patterns == []
