"""Search for the quality that meets a size or a PSNR."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import scene

import overtone
from overtone.codecs.base import AbstractCodec, EncodeOptions
from overtone.codecs.target import PSNR_TOLERANCE_DB, SIZE_TOLERANCE, Target, encode_to_target
from overtone.errors import ConfigError, FitError

IMAGE = scene(4, 6)


class CurveCodec(AbstractCodec[bytes]):
    """Writes files of any size and PSNR we like; counts how often it is asked."""

    name = "curve"

    def __init__(self, size_bytes, quality_step=0.1, error=lambda quality: 1):
        self.size_bytes = size_bytes
        self.error = error
        self.asked = []
        self.__class__.quality_step = quality_step

    def encode(self, image, options):
        self.asked.append(options.quality)
        if options.progress is not None:
            options.progress(1.0, "done")
        return self.error(options.quality).to_bytes(1, "little") * self.size_bytes(options.quality)

    def open(self, data):
        return data

    def decode_rows(self, file, view, num_threads):
        sign = np.where(IMAGE > 127, -1, 1)
        yield (IMAGE + sign * file[0]).astype(np.uint8)

    def describe(self, file, *, full) -> dict[str, object]:
        return {"sections": {"file": len(file)}}


def sizes_of_a_photograph(quality):
    return round(2_000 * math.exp(quality * math.log(30) / 99 + math.sin(quality / 9) / 5))


@pytest.mark.parametrize("size", [2_300, 5_000, 10_000, 25_000, 48_000])
def test_sizes_are_met_within_three_percent_in_few_tries(size):
    codec = CurveCodec(sizes_of_a_photograph)
    target = Target.from_goal("size_bytes", size, num_pixels=24)
    data = encode_to_target(codec, IMAGE, EncodeOptions(), target)
    assert abs(len(data) / size - 1) <= SIZE_TOLERANCE
    assert len(codec.asked) <= 7
    assert len(set(codec.asked)) == len(codec.asked)


@pytest.mark.parametrize("psnr_db", [22.1, 28.1, 34.1])
def test_psnr_is_met_within_a_tenth_of_a_decibel(psnr_db):
    codec = CurveCodec(lambda quality: 10, error=lambda quality: round(25 - quality / 5))
    target = Target.from_goal("psnr_db", psnr_db, num_pixels=24)
    data = encode_to_target(codec, IMAGE, EncodeOptions(), target)
    assert abs(20 * math.log10(255 / data[0]) - psnr_db) <= PSNR_TOLERANCE_DB


@pytest.mark.parametrize(("size", "end"), [(10, "lowest"), (10**6, "highest")])
def test_a_size_out_of_reach_is_said_plainly(size, end):
    codec = CurveCodec(sizes_of_a_photograph)
    target = Target.from_goal("size_bytes", size, num_pixels=24)
    with pytest.raises(
        FitError, match=rf"curve reaches .* bytes.* at its {end} quality.* not {size}"
    ):
        encode_to_target(codec, IMAGE, EncodeOptions(), target)
    assert len(codec.asked) <= 3


def test_a_size_between_two_qualities_names_both():
    codec = CurveCodec(lambda quality: 100 if quality < 37 else 200, quality_step=1.0)
    target = Target.from_goal("size_bytes", 150, num_pixels=24)
    with pytest.raises(FitError, match=r"100 bytes.*\(quality 36\) and 200 bytes.*\(quality 37\)"):
        encode_to_target(codec, IMAGE, EncodeOptions(), target)


def test_progress_says_which_try_it_is():
    messages = []
    codec = CurveCodec(lambda quality: 100)
    options = EncodeOptions(progress=lambda fraction, message: messages.append(message))
    encode_to_target(codec, IMAGE, options, Target.from_goal("size_bytes", 100, num_pixels=24))
    assert messages == ["try 1, quality 50.5: done"]


def test_the_public_door_searches(raw_codec):
    image = scene(41, 60)
    size = len(overtone.encode(image, codec=raw_codec, quality=83))
    by_rate = overtone.encode(image, codec=raw_codec, bpp=8 * size / (41 * 60))
    by_size = overtone.encode(image, codec=raw_codec, size_bytes=size)
    for data in (by_rate, by_size):
        assert abs(len(data) / size - 1) <= SIZE_TOLERANCE


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_goals_are_positive(raw_codec, value):
    with pytest.raises(ConfigError, match="bpp must be a positive number"):
        overtone.encode(scene(8, 8), codec=raw_codec, bpp=value)


@pytest.mark.parametrize("size", [2_300, 10_000, 48_000])
def test_a_limit_is_come_near_to_and_never_crossed(size):
    codec = CurveCodec(sizes_of_a_photograph)
    target = Target.from_goal("max_size_bytes", size, num_pixels=24)
    data = encode_to_target(codec, IMAGE, EncodeOptions(), target)
    assert 0.99 * size <= len(data) <= size
    assert len(codec.asked) <= 9


def test_a_limit_takes_what_a_coarse_dial_gives_below_it():
    codec = CurveCodec(lambda quality: 100 if quality < 37 else 200, quality_step=1.0)
    for size, found in ((150, 100), (199, 100), (10**6, 200)):
        target = Target.from_goal("max_size_bytes", size, num_pixels=24)
        assert len(encode_to_target(codec, IMAGE, EncodeOptions(), target)) == found
    target = Target.from_goal("max_size_bytes", 99, num_pixels=24)
    with pytest.raises(FitError, match=r"100 bytes.* at its lowest quality.* not at most 99 bytes"):
        encode_to_target(codec, IMAGE, EncodeOptions(), target)


def test_the_public_door_keeps_a_limit(raw_codec):
    image = scene(41, 60)
    assert len(overtone.encode(image, codec="jpeg", max_size_bytes=2000)) <= 2000
    with pytest.raises(ConfigError, match="give only one of"):
        overtone.encode(image, codec=raw_codec, max_size_bytes=2000, bpp=1)
