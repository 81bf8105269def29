"""Atoms of spectral dictionaries: the formula, orders of a signal, where frequencies start."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from toy_dictionary import SIGNAL, build, generator, shaken, waves

from overtone.data import ImageSet
from overtone.models.spectral_dictionary.order import flatten_order, hilbert_order
from overtone.models.spectral_dictionary.stft import stft_distance


@pytest.mark.parametrize("order", ["planes", "interleaved", "hilbert"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 7, 10), (1, 9, 4), (3, 1, 5), (1, 8, 8)])
def test_orders_are_permutations(order, shape):
    places = flatten_order(order, *shape)
    assert torch.equal(places.sort().values, torch.arange(math.prod(shape)))


def test_orders_are_what_they_are_called():
    planes, interleaved = (flatten_order(order, 3, 2, 4) for order in ("planes", "interleaved"))
    assert planes.tolist() == list(range(24))
    assert interleaved.tolist()[:6] == [0, 8, 16, 1, 9, 17]
    assert flatten_order("hilbert", 3, 4, 4).tolist()[16:18] == [
        16 + p for p in hilbert_order(4, 4)[:2]
    ]


@pytest.mark.parametrize("side", [2, 4, 16])
def test_the_hilbert_curve_goes_to_a_neighbour_at_every_step(side):
    y, x = np.divmod(hilbert_order(side, side), side)
    assert set(np.abs(np.diff(y)) + np.abs(np.diff(x))) == {1}
    assert (y[0], x[0]) == (0, 0)


@pytest.mark.parametrize("order", ["planes", "interleaved", "hilbert"])
def test_signal_atoms_are_the_formula(order):
    data = waves()
    model = shaken(build(data, order=order, **SIGNAL))
    atoms = model.atoms
    places = flatten_order(order, 3, 7, 10).tolist()
    with torch.no_grad():
        values = atoms()
        for n, place in enumerate(places):
            t = n / len(places)
            features = [math.sin(2 * math.pi * t), math.sin(4 * math.pi * t)]
            features += [math.cos(2 * math.pi * t), math.cos(4 * math.pi * t)]
            moved = atoms.modulation.net(torch.tensor([features]))[0].view(3, 5)
            for k in range(5):
                a, f, p = (float(moved[kind, k]) for kind in range(3))
                a += float(atoms.amplitudes[k])
                turns = (float(atoms.frequencies[k]) + f) * t + float(atoms.phases[k]) + p
                assert float(values[k, place]) == pytest.approx(
                    a * math.sin(2 * math.pi * turns), abs=2e-3
                )


@pytest.mark.parametrize("form", ["wave", "product"])
def test_image_atoms_are_the_formula_at_any_size(form):
    data = waves()
    model = shaken(build(data, form=form))
    atoms = model.atoms
    for size in (None, (4, 9)):
        height, width = size or (7, 10)
        with torch.no_grad():
            values = atoms(size).view(5, 3, height, width)
            for row in range(height):
                for column in range(width):
                    x, y = (column + 0.5) / width, (row + 0.5) / height
                    angles = [math.pi * x, 2 * math.pi * x, math.pi * y, 2 * math.pi * y]
                    features = [
                        2 * x - 1,
                        2 * y - 1,
                        *map(math.sin, angles),
                        *map(math.cos, angles),
                    ]
                    moved = atoms.modulation.net(torch.tensor([features]))[0].view(3, 5)
                    turns = atoms.frequencies * torch.tensor([x, y]) + atoms.phases + moved[1:].T
                    waved = torch.sin(2 * math.pi * turns)
                    value = (
                        torch.sin(2 * math.pi * turns.sum(1)) if form == "wave" else waved.prod(1)
                    )
                    expected = atoms.colors * ((atoms.amplitudes + moved[0]) * value)[:, None]
                    torch.testing.assert_close(
                        values[:, :, row, column], expected, atol=1e-4, rtol=1e-4
                    )


def test_product_atoms_start_as_the_cosine_transform():
    data = waves(channels=1)
    model = build(data, num_atoms=70)  # all of 7x10
    model.begin(data, generator=generator())
    with torch.no_grad():
        atoms = torch.nn.functional.normalize(model.atoms(), dim=1)
    assert atoms.shape == (70, 70)
    torch.testing.assert_close(atoms @ atoms.T, torch.eye(70), atol=0.05, rtol=0)


def test_frequencies_start_where_the_energy_is():
    y, x = np.indices((8, 12))
    rng = np.random.default_rng(0)
    wave = np.cos(2 * math.pi * (1.5 * (x + 0.5) / 12)) * np.cos(
        2 * math.pi * (1.0 * (y + 0.5) / 8)
    )
    weights = rng.normal(size=(40, 1, 1)) * 50
    pixels = np.clip(128 + weights * wave, 0, 255).astype(np.uint8)[..., None]
    data = ImageSet("one wave", pixels)
    model = build(data, num_atoms=1)
    model.begin(data, generator=generator())
    assert model.atoms.frequencies[0].tolist() == [1.5, 1.0]
    flat = ImageSet("signal", np.tile(pixels[:, 1:2], (1, 8, 1, 1)))
    model = build(flat, num_atoms=2, form="signal")
    model.begin(flat, generator=generator())
    # 1.5 cycles a row, broken at its ends: the strongest harmonic of the row rate is the first.
    assert all(frequency % 8 == 0 for frequency in model.atoms.frequencies.tolist())


def test_the_stft_distance_is_one_of_magnitudes():
    signals = torch.randn(3, 200, generator=generator())
    others = torch.randn(3, 200, generator=generator(1))
    sizes = (16, 32)
    assert stft_distance(signals, signals, sizes) == 0
    assert stft_distance(signals, -signals, sizes) == 0  # phases do not count
    assert stft_distance(signals, others, sizes) > 0.1
    assert stft_distance(signals, others, sizes) == stft_distance(others, signals, sizes)
