"""`Image.open` and `Image.save` on `.ovt` files."""

from __future__ import annotations

import dataclasses
import io
import random
import subprocess
import sys

import numpy as np
import pytest
from helpers import mutate_section, scene
from PIL import Image, UnidentifiedImageError

import overtone
from overtone.bitstream.container import Container, Metadata
from overtone.errors import BitstreamError, ConfigError, ImageError
from overtone.pillow_plugin import image_file
from overtone.pillow_plugin.image_file import DamagedFileError, UnidentifiedFileError


def saved(image: Image.Image, **settings) -> bytes:
    file = io.BytesIO()
    image.save(file, "OVT", codec="raw", quality=settings.pop("quality", 100), **settings)
    return file.getvalue()


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_images_are_saved_and_opened(raw_codec, channels, mode):
    pixels = scene(24, 40, channels=channels)
    data = saved(Image.fromarray(pixels[..., 0] if channels == 1 else pixels))
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode, image.size) == ("OVT", mode, (40, 24))
        np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)


def test_opening_does_not_decode(raw_codec, monkeypatch):
    data = saved(Image.fromarray(scene(24, 40)))
    monkeypatch.setattr("overtone.pillow_plugin.image_file.decode", None)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (40, 24)
        with pytest.raises(TypeError):
            image.load()


def test_the_ending_names_the_format(raw_codec, tmp_path):
    path = tmp_path / "a.ovt"
    Image.fromarray(scene(8, 8)).save(path, codec="raw", quality=20)
    low = overtone.encode(scene(8, 8), codec="raw", quality=20)
    assert path.read_bytes() == low
    with Image.open(path) as image:
        copy = image.convert("L")
    assert copy.size == (8, 8)


def test_metadata_is_kept_and_can_be_replaced(raw_codec):
    image = Image.fromarray(scene(8, 8))
    image.info |= {"icc_profile": b"profile", "exif": b"Exif\0\0MM\0*", "dpi": (72, 72)}
    metadata = Container.from_bytes(saved(image, dpi=(300, 150))).metadata
    assert metadata == Metadata(icc=b"profile", exif=b"MM\0*", dpi=(300.0, 150.0))
    with Image.open(io.BytesIO(saved(image))) as opened:
        assert opened.info == image.info


def test_palette_images_are_converted(raw_codec):
    image = Image.fromarray(scene(8, 8)).quantize(4)
    with Image.open(io.BytesIO(saved(image))) as opened:
        assert opened.mode == "RGB"


def test_unknown_settings_and_modes_are_refused(raw_codec):
    image = Image.fromarray(scene(8, 8))
    with pytest.raises(
        ConfigError, match=r"unknown setting efort for an \.ovt file; did you mean effort"
    ):
        saved(image, efort="fast")
    with pytest.raises(ImageError, match="mode CMYK"):
        saved(image.convert("CMYK"))


def test_a_damaged_file_says_so(raw_codec):
    data = saved(Image.fromarray(scene(8, 8)))
    with pytest.raises(BitstreamError, match="the file is damaged"):
        Image.open(io.BytesIO(data[:-1] + b"x"))


@pytest.mark.parametrize("codec", ["tiled-dct", "sparse-dct", "dfm"])
def test_damaged_files_raise_what_pillow_and_we_promise(codec):
    """`Image.open` promises UnidentifiedImageError, and `load` OSError."""
    data = overtone.encode(scene(16, 24), codec=codec, effort="fast", num_threads=1)
    container = Container.from_bytes(data)
    rng = random.Random(codec)
    outcomes = set()
    for number in range(40):
        damaged = mutate_section(data, rng)
        if number % 2:  # under a checksum that is right
            sections = (mutate_section(container.sections[0], rng), *container.sections[1:])
            damaged = dataclasses.replace(container, sections=sections).to_bytes()
        try:
            image = Image.open(io.BytesIO(damaged))
        except UnidentifiedImageError as error:
            outcomes.add(type(error))
            continue
        try:
            image.load()
        except OSError as error:
            outcomes.add(type(error))
    assert {UnidentifiedFileError, DamagedFileError} <= outcomes
    assert all(issubclass(each, BitstreamError | UnidentifiedImageError) for each in outcomes)


def test_a_file_that_needs_a_model_says_so_at_load():
    container = Container.from_bytes(overtone.encode(scene(8, 8), effort="fast"))
    data = dataclasses.replace(container, codec_id=4, sections=(bytes(20),)).to_bytes()
    with Image.open(io.BytesIO(data)) as image, pytest.raises(OSError, match="trained model"):
        image.load()


def test_the_mime_type_is_known():
    with Image.open(io.BytesIO(overtone.encode(scene(8, 12), effort="fast"))) as image:
        assert image.get_format_mimetype() == "image/x-overtone"


@pytest.mark.parametrize("codec", ["tiled-dct", "sparse-dct"])
@pytest.mark.parametrize("shape", [(90, 160), (161, 77)], ids=str)
def test_a_thumbnail_is_decoded_at_a_small_size(codec, shape, monkeypatch):
    data = overtone.encode(scene(*shape), codec=codec, effort="fast", quality=70)
    asked = []
    real = image_file.decode

    def decode(container, **options):
        pixels = real(container, **options)
        asked.append(pixels.shape[:2])
        return pixels

    monkeypatch.setattr(image_file, "decode", decode)
    with Image.open(io.BytesIO(data)) as image:
        image.thumbnail((20, 20))
        small = np.asarray(image, float)
    with Image.open(io.BytesIO(data)) as whole:
        whole.load()
        whole.thumbnail((20, 20))
        expected = np.asarray(whole, float)
    assert asked[1] == shape
    assert max(asked[0]) <= 41 * max(shape) / min(shape)
    assert asked[0][0] * asked[0][1] < shape[0] * shape[1] / 3
    assert small.shape == expected.shape
    assert np.abs(small - expected).mean() < 2


def test_a_draft_keeps_proportions_and_is_never_too_small():
    data = overtone.encode(scene(60, 100), effort="fast")
    with Image.open(io.BytesIO(data)) as image:
        assert image.draft(None, (100, 60)) is None
        assert image.draft(None, (300, 10)) is None
        assert image.draft("RGB", None) is None
        assert image.draft("L", (30, 11)) == ("RGB", (0, 0, 30, 18))
        assert image.size == (30, 18)
        image.load()
        assert image.draft(None, (10, 10)) is None
        np.testing.assert_array_equal(np.asarray(image), overtone.decode(data, size=(30, 18)))
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(np.asarray(image), overtone.decode(data))


@pytest.mark.parametrize(
    "imports",
    [
        "import overtone; from PIL import Image",
        "from PIL import Image; import overtone",
        "import overtone, PIL; from PIL import PngImagePlugin, Image",
    ],
)
def test_the_order_of_imports_does_not_matter(imports):
    code = (
        f"{imports}; assert 'OVT' in Image.SAVE and Image.registered_extensions()['.ovt'] == 'OVT'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_overtone_imports_no_pillow_and_leaves_its_loader_alone():
    code = """
import sys, overtone
assert not {"PIL", "numpy"} & sys.modules.keys()
watchers = len(sys.meta_path)
import PIL.Image
assert len(sys.meta_path) == watchers - 1
assert type(PIL.Image.__spec__.loader).__name__ == "SourceFileLoader"
"""
    subprocess.run([sys.executable, "-c", code], check=True)
