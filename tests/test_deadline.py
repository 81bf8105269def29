"""Limits of time: what takes too long ends with an error that names the limit, and nothing else."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from helpers import scene

import overtone
from overtone.bitstream.container import Metadata
from overtone.cli.main import main
from overtone.codecs.registry import decode, encode
from overtone.deadline import check_time, time_limit
from overtone.errors import ConfigError, FitError, LimitExceededError
from overtone.imaging.image import Picture, picture_to_bytes

CODECS = ["tiled-dct", "dfm", "sparse-dct"]
LITTLE = 1e-6  # seconds: over at the first check
QUICK = {"effort": "fast", "num_threads": 1}


@pytest.mark.parametrize("codec", CODECS)
def test_encoding_ends_when_the_time_is_over(codec: str):
    with pytest.raises(FitError, match="encoding takes more than the 1e-06 seconds allowed"):
        encode(scene(40, 24), codec=codec, max_seconds=LITTLE, **QUICK)


def test_every_candidate_of_the_search_is_under_the_limit():
    with pytest.raises(FitError, match="more max_seconds"):
        encode(scene(900, 700), effort="best", num_threads=2, max_seconds=0.5)


@pytest.mark.parametrize("codec", CODECS)
def test_decoding_ends_when_the_time_is_over(codec: str):
    image = scene(40, 24)
    data = encode(image, codec=codec, **QUICK)
    with pytest.raises(LimitExceededError, match="decoding takes more than the 1e-06 seconds"):
        decode(data, max_seconds=LITTLE)
    # The limit is that of one call, and enough time changes nothing.
    np.testing.assert_array_equal(decode(data, max_seconds=1000), decode(data))


def test_a_target_is_searched_under_one_limit():
    with pytest.raises(FitError, match="encoding takes"):
        encode(scene(64, 96), bpp=1.0, max_seconds=0.01)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_impossible_limits_are_refused(seconds: float):
    with pytest.raises(ConfigError, match="max_seconds must be a positive number"):
        decode(encode(scene(8, 9), **QUICK), max_seconds=seconds)


def test_an_inner_limit_ends_with_its_block():
    with time_limit(LITTLE, FitError, "waiting"):
        with time_limit(1000, FitError, "working"):
            check_time()
        with pytest.raises(FitError, match="waiting"):
            check_time()
    check_time()


@pytest.mark.parametrize("name", ["encode", "decode", "repack_jpeg", "to_jpeg"])
def test_the_public_functions_have_the_argument(name: str):
    parameter = inspect.signature(getattr(overtone, name)).parameters["max_seconds"]
    assert parameter.default is None


def test_packing_and_unpacking_jpeg_files_end_when_the_time_is_over():
    pytest.importorskip("jpeglib")
    jpeg = picture_to_bytes(Picture(scene(40, 24), Metadata()), ".jpg")
    with pytest.raises(FitError, match="packing takes"):
        overtone.repack_jpeg(jpeg, max_seconds=LITTLE)
    packed = overtone.repack_jpeg(jpeg)
    with pytest.raises(LimitExceededError, match="unpacking takes"):
        overtone.to_jpeg(packed, max_seconds=LITTLE)


def test_the_command_line_says_it_in_one_line(tmp_path, capsys):
    source, packed = tmp_path / "a.png", tmp_path / "a.ovt"
    source.write_bytes(picture_to_bytes(Picture(scene(40, 24), Metadata()), ".png"))
    assert main(["encode", str(source), "--max-seconds", "1e-6"]) == 1
    assert main(["encode", str(source), "-o", str(packed), "--effort", "fast"]) == 0
    assert (
        main(["decode", str(packed), "-o", str(tmp_path / "b.png"), "--max-seconds", "1e-6"]) == 1
    )
    lines = [line for line in capsys.readouterr().err.splitlines() if "allowed" in line]
    assert len(lines) == 2
    assert not (tmp_path / "b.png").exists()
