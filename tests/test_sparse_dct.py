"""The codec sparse-dct: JPEG files in fewer bytes, prefixes, damage, other sizes."""

from __future__ import annotations

import dataclasses
import io
import pathlib

import numpy as np
import pytest
from helpers import SHAPES, scene
from PIL import Image
from test_transform import saved_by_libjpeg, tables

import overtone
from overtone.bitstream.container import Container, Layout, Metadata
from overtone.cli.main import main
from overtone.codecs.sparse_dct.header import SparseDctHeader
from overtone.codecs.sparse_dct.stream import (
    PACKAGE,
    coded_order,
    pack_levels,
    read_coefficients,
    write_section,
)
from overtone.entropy.context_state import load_context_state
from overtone.errors import BitstreamError, ConfigError, CorruptError, ImageError
from overtone.imaging.image import read_picture
from overtone.kernels import sparse_dct, sparse_dct_twin
from overtone.metrics.psnr import psnr_db
from overtone.transform.levels import Sampling, from_levels

COFFEE = pathlib.Path(__file__).parent.parent / "examples" / "coffee.png"
SUBSAMPLINGS = ["4:4:4", "4:2:2", "4:2:0"]
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def photo(height=120, width=200):
    """Part of a photograph."""
    return read_picture(str(COFFEE)).pixels[:height, :width]


def levels_in(stream, quality, sampling, *, is_prefix=False):
    """The levels of a coefficient stream, through the section of a file."""
    section = write_section(SparseDctHeader(quality=quality, is_prefix=is_prefix), stream)
    size = (sampling.width, sampling.height, Layout(sampling.channels))
    return read_coefficients(Container(3, *size, (section,))).levels


def shown(jpeg):
    pixels = np.asarray(Image.open(io.BytesIO(jpeg)))
    return pixels[..., None] if pixels.ndim == 2 else pixels


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@every_shape
def test_a_jpeg_file_comes_back_with_its_pixels_and_size(shape, subsampling):
    jpeg = saved_by_libjpeg(scene(*shape), 80, subsampling)
    packed = overtone.repack_jpeg(jpeg)
    np.testing.assert_array_equal(overtone.decode(packed), shown(jpeg))
    again = overtone.to_jpeg(packed)
    np.testing.assert_array_equal(shown(again), shown(jpeg))
    assert overtone.repack_jpeg(again) == packed


@every_shape
def test_gray_jpeg_files_too(shape):
    jpeg = saved_by_libjpeg(scene(*shape, channels=1), 60)
    packed = overtone.repack_jpeg(jpeg)
    np.testing.assert_array_equal(overtone.decode(packed), shown(jpeg))
    np.testing.assert_array_equal(shown(overtone.to_jpeg(packed)), shown(jpeg))


def test_a_file_of_pixels_is_that_of_their_jpeg_file():
    jpeg = saved_by_libjpeg(photo(), 70)
    assert overtone.repack_jpeg(jpeg) == overtone.encode(photo(), codec="sparse-dct", quality=70)


def test_progressive_files_and_tables_of_their_own():
    file = io.BytesIO()
    own = [list(range(10, 74)), list(range(100, 164))]
    Image.fromarray(photo()).save(file, "JPEG", qtables=own, progressive=True, subsampling=1)
    packed = overtone.repack_jpeg(file.getvalue())
    np.testing.assert_array_equal(overtone.decode(packed), shown(file.getvalue()))
    assert overtone.info(packed)["quality"] == "tables of its own"
    assert overtone.info(packed)["chroma"] == "4:2:2"
    with Image.open(io.BytesIO(overtone.to_jpeg(packed))) as again:
        assert getattr(again, "quantization")[1] == own[1]  # noqa: B009


def test_it_is_smaller_than_the_optimised_jpeg_file():
    for quality in (40, 75, 90):
        file = io.BytesIO()
        Image.fromarray(photo(400, 600)).save(file, "JPEG", quality=quality, optimize=True)
        packed = overtone.repack_jpeg(file.getvalue())
        assert len(packed) < 0.88 * len(file.getvalue())


def test_metadata_travels_through_both_ways():
    profile = bytes(range(256)) * 300  # more than one segment
    metadata = Metadata(icc=profile, exif=b"II*\0" + bytes(20), dpi=(300.0, 72.0))
    packed = overtone.encode(photo(), codec="sparse-dct", metadata=metadata)
    picture = Image.open(io.BytesIO(overtone.to_jpeg(packed)))
    assert picture.info["icc_profile"] == profile
    assert picture.info["exif"] == b"Exif\0\0" + metadata.exif
    assert picture.info["dpi"] == (300, 72)
    assert overtone.repack_jpeg(overtone.to_jpeg(packed)) == packed


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x89PNG and so on", "no JPEG file"),
        (b"\xff\xd8 and then nothing", "JPEG|picture"),
    ],
)
def test_what_is_no_jpeg_file_is_refused(data, message):
    with pytest.raises(ImageError, match=message):
        overtone.repack_jpeg(data)


def test_cmyk_is_refused_by_name():
    file = io.BytesIO()
    Image.new("CMYK", (16, 16)).save(file, "JPEG")
    with pytest.raises(ImageError, match="CMYK"):
        overtone.repack_jpeg(file.getvalue())


def test_alpha_cannot_become_a_jpeg_file():
    data = overtone.encode(scene(24, 40, channels=4), codec="sparse-dct")
    with pytest.raises(ImageError, match="alpha"):
        overtone.to_jpeg(data)


def test_every_prefix_is_a_picture_and_longer_ones_are_better():
    whole = overtone.encode(photo(), codec="sparse-dct", quality=60)
    last = overtone.decode(whole)
    reached = []
    for max_bytes in (60, 200, 500, 900, 1500, len(whole)):
        short = overtone.shorten(whole, max_bytes)
        assert len(short) <= max_bytes
        assert overtone.info(short)["is_complete"] == (max_bytes == len(whole))
        pixels = overtone.decode(whole, max_bytes=max_bytes)
        np.testing.assert_array_equal(pixels, overtone.decode(short))
        reached.append(psnr_db(reference=last, reconstruction=pixels))
    assert reached == sorted(reached)
    assert reached[1] > 12
    assert reached[-1] == np.inf


def test_a_file_that_arrived_in_part_shows_as_much():
    whole = overtone.encode(photo(), codec="sparse-dct", quality=60)
    part = whole[: len(whole) // 2]
    with pytest.raises(BitstreamError, match="with max_bytes it shows what has arrived"):
        overtone.decode(part)
    found = overtone.decode(part, max_bytes=len(whole))
    assert psnr_db(reference=photo(), reconstruction=found) > 20
    np.testing.assert_array_equal(found, overtone.decode(whole, max_bytes=len(part) + 4))


def test_a_prefix_never_tells_anything_wrong():
    image = photo(64, 64)
    steps = tables(75, 3)
    whole = overtone.encode(image, codec="sparse-dct", quality=75)
    truth = read_coefficients(Container.from_bytes(whole)).levels
    stream = pack_levels(truth, steps)
    for cut in range(0, len(stream), 37):
        found = levels_in(stream[:cut], 75, Sampling(64, 64, 3), is_prefix=True)
        for own, true in zip(found, truth, strict=True):
            known = own[1:] != 0
            np.testing.assert_array_equal(own[1:][known], true[1:][known])


def test_levels_of_every_size_come_back():
    rng = np.random.default_rng(5)
    sampling = Sampling(40, 56, 4)
    levels = [
        (
            rng.laplace(0, 1, (64, *sampling.grid(c)))
            * rng.choice([0, 1, 30, 900], 64)[:, None, None]
        )
        .clip(-32000, 32000)
        .astype(np.int16)
        for c in range(4)
    ]
    steps = tables(35, 4)
    back = levels_in(pack_levels(levels, steps), 35, sampling)
    for one, two in zip(levels, back, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_levels_are_those_of_the_twin(channels):
    """Small and very large levels, of grids that differ in size, through every kind of bit."""
    rng = np.random.default_rng(channels)
    sampling = Sampling(17, 25, channels)
    order = coded_order(channels)
    steps = [tables(40, channels)[c] for c in order]
    levels = []
    for c in order:
        spread = np.where(rng.random(64) < 0.7, 0.4, 40)[:, None, None]
        drawn = rng.laplace(0, spread, (64, *sampling.grid(c)))
        levels.append(np.where(rng.random(drawn.shape) < 0.7, 0, drawn).astype(np.int16))
    state = load_context_state(PACKAGE)
    stream = sparse_dct.encode(levels, steps, state)
    grids = [own.shape[1:] for own in levels]
    for found in (sparse_dct.decode, sparse_dct_twin.decode):
        for one, two in zip(levels, found(stream, grids, steps, state), strict=True):
            np.testing.assert_array_equal(one, two)


def test_a_stream_that_is_cut_or_goes_on_is_refused():
    steps, sampling = tables(50, 3), Sampling(24, 40, 3)
    whole = Container.from_bytes(overtone.encode(scene(24, 40), codec="sparse-dct"))
    stream = pack_levels(read_coefficients(whole).levels, steps)
    for wrong in (stream[: len(stream) // 2], stream + b"123456"):
        with pytest.raises(CorruptError):
            levels_in(wrong, 50, sampling)


def test_a_table_that_is_not_there_is_refused():
    container = Container.from_bytes(overtone.encode(scene(8, 8), codec="sparse-dct"))
    head = bytes([3, 0, 1]) + bytes([1]) * 64 + bytes([0, 1, 0])
    damaged = dataclasses.replace(container, sections=(head + b"xx",)).to_bytes()
    with pytest.raises(CorruptError, match="table 1 is not one of 1"):
        overtone.decode(damaged)


def test_smaller_pictures_are_means_and_larger_ones_points_of_the_series():
    data = overtone.encode(photo(), codec="sparse-dct", quality=95)
    whole = overtone.decode(data).astype(float)
    small = overtone.decode(data, scale=0.25).astype(float)
    means = whole.reshape(30, 4, 50, 4, 3).mean((1, 3))
    # A mean of the series over four pixels is nearly that of the pixels.
    assert np.abs(small - means).mean() < 2
    large = overtone.decode(data, size=(600, 360)).astype(float)
    assert np.abs(large[1::3, 1::3] - whole).mean() < 3  # the middle of three is the pixel


def test_other_codecs_say_that_they_have_no_prefixes():
    data = overtone.encode(scene(8, 8), codec="tiled-dct", effort="fast")
    with pytest.raises(ConfigError, match="tiled-dct shows nothing before its last byte"):
        overtone.decode(data, max_bytes=20)


def test_the_head_is_two_bytes_for_standard_tables():
    described = overtone.info(overtone.encode(photo(), codec="sparse-dct"))
    sections = described["sections"]
    assert isinstance(sections, dict)
    assert sections["parameters"] == 2
    assert SparseDctHeader(quality=50).steps(3)[0][0] == 16


def test_the_commands_pack_shorten_and_unpack(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    jpeg = saved_by_libjpeg(scene(64, 90), 85)
    (tmp_path / "a.jpg").write_bytes(jpeg)
    assert main(["encode", "a.jpg", "--codec", "sparse-dct", "--lossless"]) == 0
    assert "without loss" in capsys.readouterr().err
    assert main(["decode", "a.ovt", "--to-jpeg", "-o", "back.jpg"]) == 0
    np.testing.assert_array_equal(shown((tmp_path / "back.jpg").read_bytes()), shown(jpeg))
    assert main(["decode", "a.ovt", "--max-bytes", "300", "-o", "part.png"]) == 0
    assert read_picture("part.png").pixels.shape == (64, 90, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["encode", "a.jpg", "--lossless"], "needs --codec sparse-dct"),
        (
            ["encode", "a.jpg", "--lossless", "--codec", "sparse-dct", "--bpp", "1"],
            "leave out --bpp",
        ),
        (["encode", "a.png", "--lossless", "--codec", "sparse-dct"], "no JPEG file"),
        (["decode", "in.ovt", "--to-jpeg", "--scale", "2"], "leave out --scale"),
        (["decode", "in.ovt", "--to-jpeg", "-o", "b.png"], "name it .jpg"),
        (["decode", "in.ovt", "--max-bytes", "0", "-o", "b.png"], "at least 1"),
        (["decode", "in.ovt", "--max-bytes", "9", "-o", "b.png"], "cut short"),
    ],
)
def test_mistakes_are_answered_in_one_line(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").write_bytes(saved_by_libjpeg(scene(24, 40), 85))
    Image.fromarray(scene(24, 40)).save("a.png")
    (tmp_path / "in.ovt").write_bytes(overtone.encode(scene(24, 40), codec="sparse-dct"))
    is_file = message in ("no JPEG file", "cut short")
    assert main(arguments) == (1 if is_file else 2)
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_pixels_from_levels_need_all_components():
    with pytest.raises(ValueError, match="zip"):
        from_levels([], tables(50, 1), Sampling(8, 8, 1))
