"""Networks that files start from: chosen, coded as differences, refused where they do not fit."""

from __future__ import annotations

import dataclasses
import zlib

import numpy as np
import pytest
from toy_latents import SPECS, assert_same, file_of, machine_of, read, size_of, started_machine

import overtone
from overtone.bitstream.container import Container
from overtone.bitstream.writer import Writer
from overtone.codecs.dfm_latent.codec import read_section
from overtone.codecs.dfm_latent.shared import shipped_starts
from overtone.codecs.registry import decode, shorten
from overtone.errors import ConfigError, CorruptError
from overtone.kernels import ovt
from overtone.kernels.fourier import supported_isas
from overtone.kernels.latent_file import MAX_EXPONENTS, bases, pack, unpack, weight_code
from overtone.kernels.latent_shape import Shapes, Spec
from overtone.kernels.latent_starts import StartTable, is_shared, pack_starts

SHIPPED = shipped_starts()
OWN = Spec(height=1, width=1, num_neighbours=5, num_features=3, parent_side=3)


def fitting(height: int, width: int, **sizes) -> Spec:
    """Sizes that the shipped starts fit."""
    return Spec(height=height, width=width, num_neighbours=14, num_features=6, **sizes)


def noise_table(*specs: Spec) -> StartTable:
    """A table whose weights are noise."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 2, Shapes(spec).num_weights).clip(-31, 31) for spec in specs]
    named = zip(10.0 ** -np.arange(len(specs)), specs, weights, strict=True)
    return StartTable(pack_starts(list(named)))


@pytest.mark.parametrize("num_grids", [4, 7, 8, 9])
def test_integers_come_back_and_the_twin_reads_the_same(num_grids):
    shapes = Shapes(fitting(9, 17, num_grids=num_grids, num_feature_grids=3))
    for start in SHIPPED.starts:
        machine = started_machine(shapes, start)
        section = pack(shapes, machine)
        data = file_of(shapes.spec, section)
        assert_same(read(data), machine)
        for isa in supported_isas():
            found = unpack(section, size_of(shapes), table=SHIPPED, isa=isa)
            assert_same(found, machine)
            assert found.start is start
        assert overtone.info(data)["start"] == start.number
        assert decode(data, num_threads=1).shape == size_of(shapes)


def test_a_start_saves_bytes_where_weights_are_near_it():
    shapes = Shapes(fitting(9, 17))
    machine = started_machine(shapes, SHIPPED.starts[0])
    cold = dataclasses.replace(machine, start=None)
    cold = dataclasses.replace(
        cold, scales=weight_code(shapes, cold.exponents, cold.integers).scales
    )
    saved = len(pack(shapes, cold)) - len(pack(shapes, machine))
    bits = [
        weight_code(shapes, machine.exponents, machine.integers, start).bits
        for start in (None, SHIPPED.starts[0])
    ]
    assert saved > 300
    assert saved == pytest.approx((bits[0] - bits[1]) / 8, rel=0.05)


def test_other_shapes_have_what_a_start_knows_by_row_and_column():
    known = noise_table(dataclasses.replace(OWN, num_grids=4, first_hyper_grid=2)).starts[0]
    exponents = tuple(min(9, most) for most in MAX_EXPONENTS)
    for num_grids in (3, 4, 6):
        spec = dataclasses.replace(
            OWN, num_grids=num_grids, first_hyper_grid=2, num_feature_grids=2
        )
        shapes = Shapes(spec)
        found = bases(shapes, exponents, known)
        cold = bases(shapes, exponents)
        own = {each.name: each for each in known.shapes.tensors}
        for tensor in shapes.tensors:
            expected = cold[tensor.part].reshape(tensor.shape).copy()
            if is_shared(tensor):
                values = known.values[own[tensor.name].part].reshape(own[tensor.name].shape)
                for index in np.ndindex(*map(min, values.shape, tensor.shape)):
                    value = float(values[index]) * 2.0 ** exponents[tensor.kind]
                    expected[index] = int(np.floor(value + 0.5))
            np.testing.assert_array_equal(found[tensor.part], expected.ravel())
    assert (found != cold).sum() > 100


def test_columns_of_features_are_of_the_same_grids_with_more_levels():
    def columns(num_grids: int, fine: int) -> list[tuple[int, bool]]:
        grids = Shapes(fitting(300, 500, num_grids=num_grids)).grids
        return [(grid.level, grid.is_hyper) for grid in grids if grid.level > fine]

    for fine in range(3):
        few, many = columns(7, fine), columns(9, fine)
        assert many[: len(few)] == few
        shape = next(
            tensor.shape
            for tensor in Shapes(fitting(300, 500, num_grids=9)).tensors
            if tensor.name == f"features{fine}.weight"
        )
        assert shape == (6, len(many))


def test_large_values_at_fine_steps_stay_in_range():
    shapes = Shapes(dataclasses.replace(OWN, height=5, width=6))
    machine = machine_of(shapes, 1)
    for start in noise_table(OWN).starts:
        integers = np.random.default_rng(0).integers(-1 << 17, 1 << 17, shapes.num_weights)
        extreme = dataclasses.replace(
            machine,
            exponents=MAX_EXPONENTS,
            integers=integers.astype(np.int32),
            scales=(255,) * 11,
            start=start,
        )
        section = pack(shapes, extreme)
        assert_same(unpack(section, size_of(shapes), table=start.table), extreme)
        assert np.abs(bases(shapes, MAX_EXPONENTS, start)).max() == 1 << 17


def test_a_file_needs_its_start():
    shapes = Shapes(fitting(5, 6))
    section = pack(shapes, started_machine(shapes, SHIPPED.starts[0]))
    file = ovt.File(file_of(shapes.spec, section))
    with pytest.raises(RuntimeError, match=r"OVT_NO_DATA: .* needs the data dfm-latent/starts"):
        next(file.strips((0, 0, 6, 5), (6, 5)))
    with pytest.raises(ConfigError, match="needs the data dfm-latent/starts"):
        unpack(section, size_of(shapes))


def test_a_beginning_keeps_its_start():
    shapes = Shapes(fitting(40, 33))
    data = file_of(shapes.spec, pack(shapes, started_machine(shapes, SHIPPED.starts[0])))
    short = shorten(data, len(data) - 50)
    header, _ = read_section(Container.from_bytes(short))
    assert header.is_prefix
    assert header.start == SHIPPED.starts[0]
    pixels = decode(data[: len(data) - 50], max_bytes=len(data) - 50, num_threads=1)
    np.testing.assert_array_equal(decode(short, num_threads=1), pixels)
    assert len({pixels.tobytes(), decode(data, num_threads=1).tobytes()}) == 2


@pytest.mark.parametrize(
    ("change", "number", "message"),
    [
        ({}, 99, "head of the machine: start 99 of "),
        ({}, 300, "start of the networks must be in 0..255, got 300"),
        ({"num_neighbours": 13}, 1, "start 1 is of networks of another size"),
        ({"num_features": 5}, 1, "start 1 is of networks of another size"),
        ({"num_context_layers": 1}, 1, "start 1 is of networks of another size"),
        ({"parent_side": 3}, 1, "start 1 is of networks of another size"),
    ],
)
def test_a_start_that_is_not_there_or_does_not_fit_is_refused(change, number, message):
    spec = dataclasses.replace(fitting(5, 6), **change)
    shapes = Shapes(spec)
    section = pack(shapes, machine_of(shapes, 0))
    head = Writer()
    head.varint(0)  # flags
    head.varint(number)
    data = file_of(spec, head.to_bytes() + section[2:])
    faults = []
    for work in (lambda: read(data), lambda: decode(data, num_threads=1)):
        with pytest.raises(CorruptError, match=message) as raised:
            work()
        faults.append((str(raised.value), raised.value.offset))
    assert faults[0] == faults[1]


def test_packing_refuses_a_start_of_another_size():
    shapes = Shapes(SPECS[0])
    machine = dataclasses.replace(machine_of(shapes, 0), start=noise_table(OWN).starts[0])
    with pytest.raises(ConfigError, match="start 1 is of networks of another size"):
        pack(shapes, machine)


def test_a_table_comes_back():
    specs = [OWN, dataclasses.replace(OWN, num_features=0, num_feature_grids=0, parent_side=1)]
    table = noise_table(*specs)
    assert [start.rd_weight for start in table.starts] == [1, 0.1]
    for start, spec in zip(table.starts, specs, strict=True):
        assert start.fits(spec)
        shared = [each for each in Shapes(spec).tensors if is_shared(each)]
        assert [each for each in start.shapes.tensors if is_shared(each)] == shared
        assert start.values.size == shared[-1].part.stop
        assert 1 < start.values.std() < 3
    with pytest.raises(ConfigError, match="weights of a start must be below 32, got 40"):
        pack_starts([(1.0, OWN, np.full(Shapes(OWN).num_weights, 40.0))])


def test_damaged_tables_are_refused():
    good = zlib.decompress(pack_starts([(1e-3, OWN, np.zeros(Shapes(OWN).num_weights))]))
    for bad in (
        b"",
        good[:9],
        good[:-1],
        good + b"\0",
        b"\2" + good[1:],
        good[:5] + b"\xff" + good[6:],  # neighbours
        good[:8] + b"\2" + good[9:],  # side of the window
    ):
        with pytest.raises(CorruptError, match="dfm-latent/starts"):
            StartTable(zlib.compress(bad))
    for bad in (b"", good, zlib.compress(good)[:-5], zlib.compress(good)[:-1] + b"?"):
        with pytest.raises(CorruptError, match="dfm-latent/starts"):
            ovt.Context({"dfm-latent/starts": bad})
