"""Sections of latent machines: integers there and back, what they cost, what is refused."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import pathlib

import numpy as np
import pytest
from toy_latents import SPECS, assert_same, file_of, machine_of, read, size_of, toy_files

from overtone.codecs.info import info
from overtone.codecs.registry import shorten
from overtone.errors import ConfigError, CorruptError
from overtone.kernels import latent_file_twin as twin
from overtone.kernels.fourier import supported_isas
from overtone.kernels.latent_file import (
    KINDS,
    MAX_EXPONENTS,
    Machine,
    integers_of,
    pack,
    unpack,
    weight_code,
    weights_of,
)
from overtone.kernels.latent_shape import Shapes, Spec

FILES = toy_files()
every_machine = pytest.mark.parametrize("number", range(len(FILES)))


@every_machine
def test_integers_come_back_and_the_twin_reads_the_same(number):
    shapes, machine, section = FILES[number]
    assert_same(read(file_of(shapes.spec, section)), machine)
    for isa in supported_isas():
        assert pack(shapes, machine, isa=isa) == section
        assert_same(unpack(section, size_of(shapes), isa=isa), machine)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 65), (67, 2), (130, 33)])
def test_pictures_of_any_shape_come_back(size):
    for num_neighbours, parent_side in ((1, 3), (6, 1), (11, 3), (20, 1)):
        spec = Spec(
            height=size[0],
            width=size[1],
            num_grids=10,
            num_neighbours=num_neighbours,
            parent_side=parent_side,
        )
        shapes = Shapes(spec)
        machine = machine_of(shapes, num_neighbours, spread=4.0)
        for isa in supported_isas():
            assert_same(unpack(pack(shapes, machine), size_of(shapes), isa=isa), machine)


def test_the_largest_integers_come_back_under_any_distribution():
    shapes = Shapes(SPECS[4])
    rng = np.random.default_rng(0)
    symbols = rng.choice([-127, -1, 0, 127], shapes.num_symbols).astype(np.int8)
    for integer in (1 << 17, -1 << 17, 3):
        integers = np.full(shapes.num_weights, integer, np.int32)
        for exponents in ((0,) * len(KINDS), MAX_EXPONENTS):
            for scale in (0, 80, 255):
                machine = Machine(exponents, (scale,) * len(KINDS), integers, symbols)
                section = pack(shapes, machine)
                assert_same(unpack(section, size_of(shapes)), machine)
                assert_same(read(file_of(shapes.spec, section)), machine)


def test_networks_of_noise_mean_the_same_on_every_machine():
    """Sums beyond 32 bits, saturated units and features."""
    rng = np.random.default_rng(1)
    for spec in (SPECS[3], dataclasses.replace(SPECS[5], height=9)):
        shapes = Shapes(spec)
        integers = rng.integers(-(1 << 15), 1 << 15, shapes.num_weights).astype(np.int32)
        symbols = rng.integers(-127, 128, shapes.num_symbols).astype(np.int8)
        scales = weight_code(shapes, MAX_EXPONENTS, integers).scales
        machine = Machine(MAX_EXPONENTS, scales, integers, symbols)
        section = pack(shapes, machine, isa="baseline")
        assert_same(read(file_of(spec, section)), machine)
        for isa in supported_isas():
            assert_same(unpack(section, size_of(shapes), isa=isa), machine)


def test_symbols_cost_what_their_distribution_says():
    spec = Spec(height=192, width=300, num_features=0, num_feature_grids=0)
    shapes = Shapes(spec)
    rng = np.random.default_rng(2)
    empty = pack(shapes, constant_machine(shapes, 0.0, 0.0, np.zeros(shapes.num_symbols)))
    for mean, scale in ((0.1, 0.2), (0.0, 0.3), (0.27, 1.0), (-3.4, 6.0), (0.5, 25.0)):
        symbols = np.rint(rng.laplace(mean, scale, shapes.num_symbols)).clip(-127, 127)
        section = pack(shapes, constant_machine(shapes, mean, scale, symbols))
        edges = [laplace_below(symbols + side, mean, scale) for side in (0.5, -0.5)]
        ideal = -np.log2(np.maximum(edges[0] - edges[1], 1e-12)).sum() / 8
        networks = len(empty) - shapes.num_symbols * 2.2e-5 / 8
        assert len(section) - networks == pytest.approx(ideal, rel=1e-3, abs=8)


def laplace_below(x: np.ndarray, mean: float, scale: float) -> np.ndarray:
    tails = 0.5 * np.exp(-np.abs(x - mean) / scale)
    return np.where(x < mean, tails, 1 - tails)


def constant_machine(shapes: Shapes, mean: float, scale: float, symbols: np.ndarray) -> Machine:
    """Every symbol has the same distribution; a scale of 0 is the narrowest."""
    integers = np.zeros(shapes.num_weights, np.int32)
    bias = next(each for each in shapes.tensors if each.name == "context.output.bias")
    log_scale = math.log(scale) if scale else -9.0
    # Finer steps would need larger integers than there are.
    exponents = [min(12, most) for most in MAX_EXPONENTS]
    values = np.array([mean, log_scale + 4]) * 2.0 ** exponents[bias.kind]
    integers[bias.offset : bias.offset + 2] = np.rint(values)
    scales = (40,) * 3 + (230,) + (40,) * 7
    return Machine(tuple(exponents), scales, integers, symbols.astype(np.int8))


@every_machine
def test_weights_are_coded_with_their_cheapest_scales(number):
    shapes, machine, section = FILES[number]
    for kind in range(len(KINDS)):
        for change in (-12, 12):
            scales = list(machine.scales)
            scales[kind] = min(max(scales[kind] + change, 0), 255)
            other = pack(shapes, dataclasses.replace(machine, scales=tuple(scales)))
            assert len(other) >= len(section) - 1


def test_weights_become_the_nearest_integers():
    shapes, machine, _ = FILES[3]
    weights = weights_of(shapes, machine.exponents, machine.integers)
    bias = next(each for each in shapes.tensors if each.name == "synthesis.output.bias")
    np.testing.assert_array_equal(weights[bias.part], [0.5, 0.5])
    steps = 2.0 ** -np.repeat(
        [machine.exponents[each.kind] for each in shapes.tensors],
        [each.size for each in shapes.tensors],
    )
    moved = weights + np.random.default_rng(0).uniform(-0.49, 0.49, weights.size) * steps
    found = integers_of(shapes, machine.exponents, moved)
    np.testing.assert_array_equal(found, machine.integers)
    assert integers_of(shapes, machine.exponents, weights * 0 + 1e9).max() == 1 << 17


def test_a_file_is_described():
    shapes, machine, section = FILES[2]
    found = info(file_of(shapes.spec, section), full=True)
    assert found["codec"] == "dfm-latent"
    assert found["trunk"] == "fourier, 3 units"
    assert found["weights"] == shapes.num_weights
    assert found["symbols other than 0"] == np.count_nonzero(machine.symbols)
    assert found["is_complete"]
    assert not info(shorten(file_of(shapes.spec, section), 900), full=True)["is_complete"]


def test_what_a_file_cannot_hold_is_refused():
    shapes, machine, section = FILES[0]
    for change, message in (
        ({"exponents": (11, *machine.exponents[1:])}, "exponent of kind 0 must be 0 to 10, got 11"),
        ({"scales": (*machine.scales[:-1], 256)}, "scale of kind 10 must be 0 to 255, got 256"),
        ({"integers": machine.integers * 0 + 131073}, "must be -131072 to 131072, got 131073"),
        ({"integers": machine.integers[1:]}, "integers must be"),
        ({"symbols": np.full_like(machine.symbols, -128)}, "symbols must be -127 to 127, got -128"),
        ({"symbols": machine.symbols.astype(np.int16)}, "symbols must be C-contiguous int8"),
    ):
        with pytest.raises(ConfigError, match=message):
            pack(shapes, dataclasses.replace(machine, **change))
    with pytest.raises(CorruptError, match="bytes follow the last symbol"):
        unpack(section + b"surplus", size_of(shapes))


def test_neighbours_come_in_earlier_waves():
    for num_neighbours in range(1, 21):
        place = {at: i for i, at in enumerate(twin.wave_order(6, 11, num_neighbours))}
        assert len(place) == 66
        for (y, x), i in place.items():
            for dy, dx in twin.NEIGHBOURS[:num_neighbours]:
                assert place.get((y + dy, x + dx), -1) < i


def test_the_constants_are_those_of_the_tool():
    path = pathlib.Path(__file__).parent.parent / "tools" / "make_laplace_ratios.py"
    spec = importlib.util.spec_from_file_location("make_laplace_ratios", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.TARGET.read_text("utf-8") == tool.cpp_header()
