"""The public encode, decode and info, with a codec of the tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import SHAPES, scene

import overtone
from overtone.bitstream.container import Container, Layout, Metadata
from overtone.codecs import registry
from overtone.errors import ConfigError, ImageError, LimitExceededError, UnsupportedCodecError


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_best_quality_of_the_raw_codec_is_exact(raw_codec, shape, channels):
    image = scene(*shape, channels=channels)
    data = overtone.encode(image, codec=raw_codec, quality=100)
    np.testing.assert_array_equal(overtone.decode(data), image)


def test_crop_and_size_go_to_the_codec(raw_codec):
    image = scene(41, 23)
    data = overtone.encode(image, codec=raw_codec, quality=100)
    np.testing.assert_array_equal(overtone.decode(data, crop=(3, 5, 11, 7)), image[5:12, 3:14])
    doubled = overtone.decode(data, scale=2)
    np.testing.assert_array_equal(doubled, image.repeat(2, axis=0).repeat(2, axis=1))
    assert overtone.decode(data, size=(10, 60)).shape == (60, 10, 3)


def test_info_accounts_for_every_byte(raw_codec):
    metadata = Metadata(icc=b"profile", exif=b"II*\0", dpi=(300.0, 72.5))
    data = overtone.encode(scene(24, 40), codec=raw_codec, metadata=metadata)
    shown = overtone.info(data)
    assert isinstance(shown["sections"], dict)
    assert sum(shown["sections"].values()) == shown["size_bytes"] == len(data)
    assert shown["rate_bpp"] == 8 * len(data) / (24 * 40)
    assert shown["metadata"] == {"icc_bytes": 7, "exif_bytes": 4, "dpi": (300.0, 72.5)}
    assert (shown["codec"], shown["width"], shown["height"]) == ("raw", 40, 24)


def test_limits_hold_for_the_file_and_for_the_output(raw_codec):
    data = overtone.encode(scene(24, 40), codec=raw_codec)
    with pytest.raises(LimitExceededError, match="40x24"):
        overtone.decode(data, max_pixels=959)
    with pytest.raises(ConfigError, match=r"80x48 pixels is over the limit of 960"):
        overtone.decode(data, scale=2, max_pixels=960)


def test_an_unknown_codec_names_the_nearest(raw_codec):
    with pytest.raises(ConfigError, match="unknown codec rwa; did you mean raw"):
        overtone.encode(scene(8, 8), codec="rwa")


def test_an_unknown_codec_id_names_the_known_ones():
    data = Container(60, 8, 8, Layout.RGB, (b"",)).to_bytes()
    for function in (overtone.decode, overtone.info):
        with pytest.raises(UnsupportedCodecError, match=r"codec id 60 is not one of .*at byte 5"):
            function(data)


def test_two_goals_are_refused(raw_codec):
    with pytest.raises(ConfigError, match="got quality, bpp"):
        overtone.encode(scene(8, 8), codec=raw_codec, quality=3, bpp=1)


@pytest.mark.parametrize("quality", [0, 100.5, math.nan])
def test_quality_is_checked(raw_codec, quality):
    with pytest.raises(ConfigError, match=r"quality must be in 1..100"):
        overtone.encode(scene(8, 8), codec=raw_codec, quality=quality)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4, 3), np.uint16), "uint8, got uint16"),
        (np.zeros(4, np.uint8), r"\(4,\)"),
        (np.zeros((4, 4, 5), np.uint8), r"\(4, 4, 5\)"),
        (np.zeros((0, 4, 3), np.uint8), "4x0"),
    ],
)
def test_what_is_no_picture_is_refused(image, message):
    with pytest.raises(ImageError, match=message):
        overtone.encode(image)


def test_ids_in_the_table_are_those_of_the_classes():
    native = {
        codec_id: name
        for name in (*registry.CODECS, *registry.MODEL_CODECS)
        if (codec_id := getattr(registry.get_codec(name), "codec_id", None)) is not None
    }
    assert native == registry.CODEC_IDS


def test_names_in_the_table_are_those_of_the_classes():
    assert [registry.get_codec(name).name for name in registry.CODECS] == list(registry.CODECS)


def test_every_public_name_resolves():
    for name in overtone.__all__:
        assert getattr(overtone, name) is not None
    assert dir(overtone) == overtone.__all__
    with pytest.raises(AttributeError, match="no attribute 'encoed'"):
        getattr(overtone, "encoed")  # noqa: B009


@pytest.mark.parametrize(("codec", "counted"), [("tiled-dct", "tiles"), ("sparse-dct", "triples")])
def test_info_decodes_no_coefficients_unless_it_is_asked_to(codec, counted, monkeypatch):
    data = overtone.encode(scene(24, 40), codec=codec, effort="fast")
    assert counted in overtone.info(data, full=True)
    for kernel in ("tiled_dct.tiles.Decoder", "sparse_dct.stream.sparse_dct.decode"):
        monkeypatch.setattr(f"overtone.codecs.{kernel}", None)
    assert counted not in overtone.info(data)
