"""Small files of networks that would take long or much memory are refused from their plan alone."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest
from helpers import scene

from overtone.bitstream.container import Container, Layout
from overtone.codecs.base import EncodeOptions
from overtone.codecs.dfm.codec import DfmCodec
from overtone.codecs.dfm.config import resolve
from overtone.codecs.dfm.encode import plan_of
from overtone.codecs.dfm.plan import QUANTISED, Plan, check_limits
from overtone.codecs.dfm.stream import pack_plan, unpack_plan
from overtone.codecs.dfm.tiling import TileAxis
from overtone.codecs.registry import decode, encode
from overtone.errors import CorruptError, LimitExceededError
from overtone.kernels.fourier import NetSpec

GOLDEN = pathlib.Path(__file__).parent / "golden" / "dfm-1.ovt"


def file_of(width: int, height: int, tiles: tuple[int, int], hidden: tuple[int, ...]) -> bytes:
    """A file whose plan says this; its weights are left out, for nobody should come to them."""
    plan = Plan(
        kind=QUANTISED,
        spec=NetSpec(input_scales=(1.0,), hidden=hidden, num_outputs=3),
        horizontal=TileAxis(length=width, count=tiles[0], margin=0),
        vertical=TileAxis(length=height, count=tiles[1], margin=0),
    )
    return Container(2, width, height, Layout.RGB, (pack_plan(plan), b"")).to_bytes()


@pytest.mark.parametrize("tiles", [(240, 240), (32, 1), (1, 25)])
def test_tiles_of_a_few_pixels_are_refused(tiles: tuple[int, int]):
    with pytest.raises(CorruptError, match=r"tiles with margin 0 do not fit \d+ pixels; a tile"):
        decode(file_of(248, 192, tiles, (1,) * 64))


@pytest.mark.parametrize(
    ("size", "tiles", "hidden", "message"),
    [
        ((248, 192), (31, 24), (7,) * 20, "over the limit of 2097152 weights for 47616 pixels"),
        ((2048, 1024), (128, 64), (7, 7, 7), "over the limit of 8388608 weights"),
        ((16000, 16000), (1, 1), (10,) * 20, "take too long to evaluate"),
        ((8192, 8192), (1024, 1024), (1,) * 8, "over the limit of 16777216 weights"),
        ((16384, 16384), (400, 400), (1,) * 60, "over the limit of 16777216 weights"),
    ],
)
def test_more_weights_or_work_than_pixels_are_worth_is_refused(
    size: tuple[int, int], tiles: tuple[int, int], hidden: tuple[int, ...], message: str
):
    with pytest.raises(LimitExceededError, match=message):
        decode(file_of(*size, tiles, hidden))


@pytest.mark.parametrize("length", range(1, 200))
@pytest.mark.parametrize("tile_px", [8, 9, 20])
def test_tiles_of_every_picture_that_is_encoded_are_allowed(length: int, tile_px: int):
    config = resolve("deep", "fast", {"tile_px": tile_px, "width": 3, "depth": 2})
    plan = plan_of((length, 2 * length + 1, 3), config, config.sizes[0])
    check_limits(plan)
    file = Container(2, 2 * length + 1, length, Layout.RGB, (pack_plan(plan), b""))
    assert unpack_plan(file) == plan


def test_the_largest_networks_of_the_thesis_stay_within_the_limits():
    config = resolve("thesis", "default", {"width": 10, "depth": 25})
    check_limits(plan_of((768, 512, 3), config, config.sizes[0]))


def test_a_file_of_before_is_still_read():
    assert decode(GOLDEN.read_bytes()).ndim == 3


def test_the_encoder_refuses_what_could_not_be_decoded():
    options = EncodeOptions(settings={"width": 10, "depth": 4, "tile_px": 8, "steps": 1})
    with pytest.raises(LimitExceededError, match="over the limit of 2097152 weights"):
        DfmCodec().encode(scene(96, 80), options)


def test_weights_of_many_tiles_are_those_of_each():
    settings = {"width": 2, "depth": 2, "tile_px": 8, "steps": 20}
    data = encode(scene(24, 33), codec="dfm", settings=settings, num_threads=1)
    container = Container.from_bytes(data)
    whole = decode(data)
    part = decode(dataclasses.replace(container), crop=(9, 3, 20, 17))
    np.testing.assert_array_equal(part, whole[3:20, 9:29])
