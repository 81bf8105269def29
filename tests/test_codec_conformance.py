"""What every codec in the table must do. A new entry is tested without new test code here."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import json
import pathlib
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from helpers import SHAPES, mutate_section, scene

from overtone.bitstream.container import FORMAT_VERSION, Container, Metadata
from overtone.codecs.base import EncodeOptions, full_view
from overtone.codecs.info import info
from overtone.codecs.registry import CODEC_IDS, CODECS, decode, encode, get_codec
from overtone.codecs.view import render
from overtone.errors import BitstreamError
from overtone.imaging.image import Picture, picture_to_bytes, read_picture
from overtone.metrics.psnr import psnr_db

NATIVE = sorted(CODECS.keys() & CODEC_IDS.values())
GOLDEN = pathlib.Path(__file__).parent / "golden"
GOLDEN_SHAPE = (41, 23)
# The size of a file of coin does not depend on the picture: large networks are for photographs.
USUAL_QUALITY = {"coin": 30}
# Enough for pictures of these sizes; what presets take is for photographs.
FEW_STEPS = {"dfm-latent": {"steps": 200}}
MAX_CHANGES = 4000  # so many cuts and flipped bits are tried on a long file, evenly spread
FLOAT_LEVELS = 1  # pixels computed in floats may differ by one 8-bit level

every_codec = pytest.mark.parametrize("name", sorted(CODECS))
every_native_codec = pytest.mark.parametrize("name", NATIVE)
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


@functools.cache
def encoded(
    name: str, shape: tuple[int, int], channels: int = 3, quality: float | None = None
) -> bytes:
    image = scene(*shape, channels=channels)
    quality = USUAL_QUALITY.get(name, 80) if quality is None else quality
    return encode(image, codec=name, quality=quality, verify=False, **quick(name))


def quick(name: str) -> dict[str, Any]:
    return {"effort": "fast", "settings": FEW_STEPS.get(name, {}), "num_threads": 1}


def decoded(name: str, data: bytes, shape: tuple[int, int]) -> np.ndarray:
    return render(get_codec(name), data, full_view(shape[1], shape[0]), num_threads=1)


def largest_difference(a: np.ndarray, b: np.ndarray) -> int:
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@every_shape
@every_codec
def test_round_trip_keeps_shape_and_looks_alike(name, shape, channels):
    if channels not in get_codec(name).layouts:
        pytest.skip(f"{name} files do not hold {channels} channels")
    image = scene(*shape, channels=channels)
    out = decoded(name, encoded(name, shape, channels), shape)
    assert out.dtype == np.uint8
    assert out.shape == image.shape
    assert np.abs(out.astype(int) - image.astype(int)).mean() < 12


@every_codec
def test_same_settings_give_the_same_bytes(name):
    assert encoded.__wrapped__(name, (24, 40)) == encoded(name, (24, 40))


@every_codec
def test_threads_do_not_change_the_pixels(name):
    data = encoded(name, (41, 23))
    view = full_view(23, 41)
    one, three = (render(get_codec(name), data, view, num_threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one, three)


@every_codec
def test_more_quality_is_more_bytes_and_more_decibels(name):
    image = scene(41, 60)
    files = [encoded(name, (41, 60), quality=quality) for quality in (10, 90)]
    small, large = (
        psnr_db(reference=image, reconstruction=decoded(name, file, (41, 60))) for file in files
    )
    assert len(files[0]) < len(files[1])
    assert small < large


@every_codec
def test_quality_step_is_a_step_within_the_range(name):
    assert 0 < get_codec(name).quality_step <= 1


@every_codec
def test_the_description_is_json_and_names_the_sections(name):
    data = encoded(name, (24, 40))
    codec = get_codec(name)
    described = codec.describe(codec.open(data), full=True)
    assert json.loads(json.dumps(described)) is not None
    sizes = described["sections"]
    assert isinstance(sizes, dict)
    assert all(isinstance(size, int) and size >= 0 for size in sizes.values())
    brief = codec.describe(codec.open(data), full=False)
    assert brief == {key: value for key, value in described.items() if key in brief}


@every_codec
def test_an_interrupt_in_the_progress_report_stops_the_encoder(name):
    def report(fraction: float, message: str) -> None:
        raise KeyboardInterrupt

    options = EncodeOptions(**quick(name), progress=report)
    if name in NATIVE:
        with pytest.raises(KeyboardInterrupt):
            get_codec(name).encode(scene(24, 40), options)
    else:
        get_codec(name).encode(scene(24, 40), options)  # too quick to report anything


@every_native_codec
def test_progress_goes_from_zero_to_one(name):
    fractions = []
    options = EncodeOptions(
        **quick(name), progress=lambda fraction, message: fractions.append(fraction)
    )
    get_codec(name).encode(scene(24, 40), options)
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)


@every_native_codec
def test_sections_add_up_to_the_file(name):
    data = encoded(name, (24, 40))
    sections = info(data)["sections"]
    assert isinstance(sections, dict)
    assert sum(sections.values()) == len(data)


@every_native_codec
def test_metadata_is_in_the_file(name):
    metadata = Metadata(icc=b"profile", exif=b"II*\0", dpi=(300.0, 72.5))
    options = EncodeOptions(**quick(name), metadata=metadata)
    data = get_codec(name).encode(scene(8, 8), options)
    assert Container.from_bytes(data).metadata == metadata


@every_native_codec
def test_every_cut_is_noticed(name):
    data = encoded(name, (8, 8))
    for cut in range(0, len(data), max(1, len(data) // MAX_CHANGES)):
        with pytest.raises(BitstreamError):
            decode(data[:cut])


@every_native_codec
def test_every_flipped_bit_is_noticed(name):
    data = encoded(name, (8, 8))
    for bit in range(0, 8 * len(data), max(1, 8 * len(data) // MAX_CHANGES)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BitstreamError):
            decode(bytes(damaged))


@every_native_codec
def test_damage_under_a_right_checksum_is_a_picture_or_an_error(name):
    rng = random.Random(0)
    container = Container.from_bytes(encoded(name, (24, 40)))
    for _ in range(300):
        sections = list(container.sections)
        index = rng.randrange(len(sections))
        sections[index] = mutate_section(sections[index], rng)
        damaged = dataclasses.replace(container, sections=tuple(sections)).to_bytes()
        with contextlib.suppress(BitstreamError):
            assert decode(damaged, num_threads=1).shape == (24, 40, 3)


@every_native_codec
def test_missing_and_surplus_sections_are_noticed(name):
    container = Container.from_bytes(encoded(name, (24, 40)))
    for sections in ((b"",), (*container.sections, b"surplus")):
        with pytest.raises(BitstreamError):
            decode(dataclasses.replace(container, sections=sections).to_bytes())


@every_native_codec
def test_a_picture_of_another_size_in_the_header_is_a_picture_or_an_error(name):
    container = Container.from_bytes(encoded(name, (24, 40)))
    for width, height in (
        (1, 1),
        (39, 24),
        (40, 25),
        (4000, 3),
        (1, 60_000),
        (65_535, 2),
        (300, 300),
    ):
        changed = dataclasses.replace(container, width=width, height=height).to_bytes()
        with contextlib.suppress(BitstreamError):
            assert decode(changed, num_threads=1).shape == (height, width, 3)


@every_shape
@every_native_codec
def test_a_crop_is_that_part_of_the_whole(name, shape):
    height, width = shape
    data = encoded(name, shape)
    whole = decode(data, num_threads=1)
    boxes = {
        (0, 0, width, height),
        (width // 3, height // 2, width - width // 3, height - height // 2),
        (width // 2, height // 3, 1, max(1, height // 4)),
    }
    for x, y, w, h in boxes:
        part = decode(data, crop=(x, y, w, h), num_threads=1)
        assert largest_difference(part, whole[y : y + h, x : x + w]) <= FLOAT_LEVELS


@every_shape
@every_native_codec
def test_other_sizes_have_the_shape_asked_for(name, shape):
    height, width = shape
    data = encoded(name, shape)
    assert decode(data, scale=2).shape == (2 * height, 2 * width, 3)
    small = (max(1, round(height / 2)), max(1, round(width / 2)), 3)
    assert decode(data, scale=0.5).shape == small
    assert decode(data, size=(7, 60)).shape == (60, 7, 3)
    assert decode(data, size=(60, 7), crop=(0, 0, 1, 1)).shape == (7, 60, 3)


@pytest.mark.parametrize("factor", [2, 3])
@every_native_codec
def test_an_enlarged_picture_looks_like_the_picture(name, factor):
    whole = decode(encoded(name, (24, 40)), num_threads=1).astype(int)
    large = decode(encoded(name, (24, 40)), scale=factor, num_threads=1)
    boxes = large.reshape(24, factor, 40, factor, 3).mean(axis=(1, 3))
    assert np.abs(boxes - whole).mean() < 6
    flipped = [np.abs(boxes[::-1] - whole).mean(), np.abs(boxes[:, ::-1] - whole).mean()]
    assert np.abs(boxes - whole).mean() < min(flipped)


@every_native_codec
def test_strips_come_in_order_and_make_up_the_view(name):
    data = encoded(name, (41, 23))
    codec = get_codec(name)
    strips = list(codec.decode_rows(codec.open(data), full_view(23, 41), 1))
    assert all(strip.shape[1:] == (23, 3) and len(strip) > 0 for strip in strips)
    np.testing.assert_array_equal(np.concatenate(strips), decode(data, num_threads=1))


@every_native_codec
def test_decoding_imports_no_fitting_code(name, tmp_path):
    (tmp_path / "a.ovt").write_bytes(encoded(name, (24, 40)))
    code = """
import sys
from overtone.cli.main import main
assert main(["decode", "a.ovt"]) == 0
heavy = {"torch", "jax", "matplotlib", "scipy", "rich", "jaxtyping"} & sys.modules.keys()
parts = ("fit", "training", "nn", "models", "evaluate")
fitting = {m for m in sys.modules if m.startswith("overtone.") and m.split(".")[1] in parts}
assert not heavy and not fitting, (heavy, fitting)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@every_native_codec
def test_a_golden_file_of_this_version_is_there(name, golden):
    file = f"{name}-{FORMAT_VERSION}.ovt"
    data = golden(file, lambda: encoded(name, GOLDEN_SHAPE))
    picture = Picture(decode(data, num_threads=1), Metadata())
    golden(f"{name}-{FORMAT_VERSION}.png", lambda: picture_to_bytes(picture, ".png"))


@pytest.mark.parametrize("file", sorted(path.name for path in GOLDEN.glob("*.ovt")))
def test_golden_files_still_decode(file):
    pixels = decode((GOLDEN / file).read_bytes())
    expected = read_picture(io.BytesIO((GOLDEN / file).with_suffix(".png").read_bytes()))
    assert largest_difference(pixels, expected.pixels) <= FLOAT_LEVELS
    original = scene(*pixels.shape[:2])
    assert psnr_db(reference=original, reconstruction=pixels) > 20
