"""Pictures that are damaged, of another kind than they say, or too large: one kind of error."""

import ast
import contextlib
import io
import pathlib
import random
import struct
import zlib

import numpy as np
import pytest
from helpers import mutate_section, scene
from PIL import EpsImagePlugin, Image

import overtone
from overtone.bitstream.metadata import MAX_METADATA_BYTES, Metadata
from overtone.codecs.base import EncodeOptions, full_view
from overtone.codecs.registry import get_codec
from overtone.data.pictures import to_gray_or_rgb
from overtone.errors import BitstreamError, ImageError
from overtone.imaging.formats import OPENED_FORMATS
from overtone.imaging.high_depth import read_deep_picture
from overtone.imaging.image import Picture, metadata_of, picture_to_bytes, read_picture
from overtone.imaging.reader import read_with

ROOT = pathlib.Path(__file__).parent.parent
NUM_MUTATIONS = 30
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"


def picture_in(file_format: str) -> bytes:
    """A small picture in a format; by hand where Pillow has no writer."""
    pixels = scene(20, 28)
    if file_format == "PSD":
        head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 20, 28, 8, 3)
        return head + bytes(12) + bytes(2) + pixels.transpose(2, 0, 1).tobytes()
    if file_format == "SUN":
        return struct.pack(">8I", 0x59A66A95, 28, 20, 24, 28 * 20 * 3, 1, 0, 0) + pixels.tobytes()
    if file_format == "OVT":
        return overtone.encode(pixels, effort="fast", num_threads=1)
    image = Image.fromarray(pixels)
    Image.init()
    buffer = io.BytesIO()
    image.convert("1" if file_format == "XBM" else "RGB").save(buffer, file_format)
    return buffer.getvalue()


@pytest.mark.parametrize("file_format", OPENED_FORMATS)
def test_a_damaged_picture_of_any_format_is_read_or_is_an_image_error(file_format):
    data = picture_in(file_format)
    read_picture(io.BytesIO(data))
    rng = random.Random(file_format)
    outcomes = set()
    for _ in range(NUM_MUTATIONS):
        damaged = mutate_section(data, rng)
        for read in (read_picture, read_deep_picture, lambda file: to_gray_or_rgb(file.read())):
            try:
                read(io.BytesIO(damaged))
                outcomes.add("read")
            except ImageError:
                outcomes.add("refused")
    assert "refused" in outcomes


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif", "jpeg2000"])
def test_damaged_files_of_other_codecs_are_bitstream_errors(name):
    codec = get_codec(name)
    data = codec.encode(scene(20, 28), EncodeOptions(quality=50.0, num_threads=1))
    rng = random.Random(name)
    for _ in range(NUM_MUTATIONS):
        with contextlib.suppress(BitstreamError, ImageError):
            list(codec.decode_rows(codec.open(mutate_section(data, rng)), full_view(28, 20), 1))


@pytest.mark.parametrize("error", [RuntimeError, UnboundLocalError, struct.error, zlib.error])
def test_whatever_pillow_raises_is_an_image_error_with_its_type(error, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise error("odd")

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(ImageError, match=f"damaged: .*{error.__name__}: odd") as caught:
        read_picture(io.BytesIO(b"x"))
    assert isinstance(caught.value.__cause__, error)
    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(ImageError, match=f"cannot hold .*{error.__name__}: odd"):
        picture_to_bytes(Picture(scene(4, 6), Metadata()), ".png")


def test_a_missing_file_is_no_damage(tmp_path):
    for path in (str(tmp_path / "none.png"), tmp_path / "none.png"):
        with pytest.raises(FileNotFoundError):
            read_with(path, lambda image: image.size)


def test_memory_that_runs_out_is_no_damage(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(MemoryError):
        read_picture(io.BytesIO(b"x"))


@pytest.mark.parametrize("suffix", [".tif", ".avif", ".png", ".jpg", ".webp"])
def test_an_exif_block_of_junk_is_written_or_refused(suffix):
    picture = Picture(scene(12, 20), Metadata(exif=b"MM\0*\xff\xff\xff\xf0 junk" * 9))
    with contextlib.suppress(ImageError):
        assert picture_to_bytes(picture, suffix)


@pytest.mark.parametrize(
    ("file_format", "key", "name"),
    [("TIFF", "icc_profile", "ICC profile"), ("PNG", "exif", "EXIF block")],
)
def test_metadata_over_the_limit_are_refused_in_words(file_format, key, name):
    buffer = io.BytesIO()
    block = bytes(MAX_METADATA_BYTES + 1)
    Image.fromarray(scene(4, 6)).save(buffer, file_format, **{key: block})
    with pytest.raises(ImageError, match=rf"{name} has 167772.. bytes"):
        read_picture(io.BytesIO(buffer.getvalue()))


def test_a_text_called_exif_is_no_exif_block():
    image = Image.fromarray(scene(4, 6))
    image.info = dict.fromkeys(("exif", "icc_profile", "dpi"), "ab")  # as texts of a PNG file are
    assert metadata_of(image) == Metadata()


@pytest.mark.parametrize("name", ["picture.png", "picture.eps"])
def test_postscript_runs_no_interpreter(name, tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *given, **_: ran.append(given))
    path = tmp_path / name
    path.write_bytes(POSTSCRIPT)
    for read in (read_picture, read_deep_picture):
        with pytest.raises(ImageError, match="no picture in a format"):
            read(str(path))
    with pytest.raises(ImageError, match="no picture in a format"):
        to_gray_or_rgb(POSTSCRIPT)
    assert not ran


def calls_of_image_open(path: pathlib.Path) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "open"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "Image"
    ]


def test_every_image_open_says_which_formats():
    files = [path for top in ("src", "experiments", "tools") for path in (ROOT / top).rglob("*.py")]
    found = {path: calls for path in files if (calls := calls_of_image_open(path))}
    assert found, "the search finds nothing any more"
    for path, calls in found.items():
        for call in calls:
            assert "formats" in {keyword.arg for keyword in call.keywords}, f"{path}:{call.lineno}"


def test_a_claimed_size_is_checked_before_pixels_are_decoded(monkeypatch):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((30, 50), np.uint8)).save(buffer, "JPEG")
    data = bytearray(buffer.getvalue())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 13000, 13000)  # two kilobytes that claim 169 megapixels
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("pixels were decoded"))
    for read in (read_picture, read_deep_picture):
        with pytest.raises(ImageError, match=r"13000x13000 pixels.*max_pixels of 1000000"):
            read(io.BytesIO(bytes(data)), max_pixels=1_000_000)
