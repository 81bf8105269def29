"""JPEG files that are damaged, and limits on the size of what is packed and unpacked."""

import io
import pathlib
import random
import re

import numpy as np
import pytest
from helpers import mutate_section, scene
from PIL import Image

import overtone
from overtone.bitstream.container import Container, Layout
from overtone.cli.main import main
from overtone.codecs.sparse_dct import jpeg as jpeg_module
from overtone.codecs.sparse_dct.codec import SparseDctCodec
from overtone.errors import ImageError, LimitExceededError, OvertoneError


def jpeg_of(height: int = 72, width: int = 104, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(scene(height, width)).save(file, "JPEG", quality=80, **options)
    return file.getvalue()


def cut_and_closed(data: bytes) -> bytes:
    """The first half, with an end marker that hides it."""
    return data[: len(data) // 2] + b"\xff\xd9"


def without_its_middle(data: bytes) -> bytes:
    """Some bytes of the first scan are missing."""
    at = data.index(b"\xff\xda") + 60
    return data[:at] + data[at + 40 :]


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("damage", [cut_and_closed, without_its_middle])
def test_a_damaged_jpeg_file_is_not_packed_in_silence(damage, progressive):
    data = jpeg_of(progressive=progressive)
    assert overtone.repack_jpeg(data)
    with Image.open(io.BytesIO(damage(data))) as image:
        image.load()  # libjpeg shows it all the same
    with pytest.raises(ImageError, match=r"damaged, libjpeg says: .*encode what is left"):
        overtone.repack_jpeg(damage(data))


def test_a_truncated_jpeg_file_is_refused():
    with pytest.raises(ImageError, match="truncated"):
        overtone.repack_jpeg(jpeg_of()[:-200])


def test_a_quantiser_step_of_zero_is_refused():
    data = bytearray(jpeg_of())
    data[data.index(b"\xff\xdb") + 5 + 40] = 0
    with pytest.raises(ImageError, match="quantiser step of 0"):
        overtone.repack_jpeg(bytes(data))


@pytest.mark.parametrize("progressive", [False, True])
def test_mutated_jpeg_files_are_packed_as_they_show_or_refused(progressive):
    rng = random.Random(f"jpeg {progressive}")
    data = jpeg_of(progressive=progressive)
    num_packed = 0
    for _ in range(60):
        damaged = mutate_section(data, rng)
        try:
            packed = overtone.repack_jpeg(damaged)
        except ImageError:
            continue
        num_packed += 1
        with Image.open(io.BytesIO(damaged)) as image:
            pixels = np.asarray(image)
        np.testing.assert_array_equal(overtone.decode(packed).squeeze(), pixels)
    assert 0 < num_packed < 60


def test_other_pixels_after_packing_are_noticed(monkeypatch):
    other = overtone.to_jpeg(overtone.encode(scene(72, 104), codec="sparse-dct", quality=30))
    monkeypatch.setattr(jpeg_module, "_jpeg_file", lambda *_: other)
    with pytest.raises(ImageError, match="shows other pixels"):
        overtone.repack_jpeg(jpeg_of())
    assert overtone.repack_jpeg(jpeg_of(), verify=False)


def test_limits_of_pixels_hold_for_packing_and_unpacking():
    data = jpeg_of()
    with pytest.raises(ImageError, match=r"104x72 pixels.*max_pixels of 7487"):
        overtone.repack_jpeg(data, max_pixels=72 * 104 - 1)
    packed = overtone.repack_jpeg(data, max_pixels=72 * 104)
    with pytest.raises(LimitExceededError):
        overtone.to_jpeg(packed, max_pixels=72 * 104 - 1)
    assert overtone.to_jpeg(packed, max_pixels=72 * 104)


def huge() -> bytes:
    """A few bytes that claim four gigapixels."""
    return Container(
        codec_id=SparseDctCodec.codec_id,
        width=65535,
        height=65500,
        layout=Layout.RGB,
        sections=(b"\0\x32",),
    ).to_bytes()


def test_a_tiny_file_does_not_take_gigabytes(monkeypatch):
    assert len(huge()) < 30
    monkeypatch.setattr(
        jpeg_module, "read_coefficients", lambda *_: pytest.fail("coefficients were read")
    )
    with pytest.raises(LimitExceededError):
        overtone.to_jpeg(huge())


def test_the_commands_have_the_limits_too(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("a.jpg").write_bytes(jpeg_of())
    pack = ["encode", "a.jpg", "--codec", "sparse-dct", "--lossless"]
    assert main([*pack, "--max-pixels", "7487"]) == 1
    assert main(["encode", "a.jpg", "-o", "b.ovt", "--effort", "fast", "--max-pixels", "7487"]) == 1
    assert main([*pack, "--max-pixels", "7488"]) == 0
    pathlib.Path("a.jpg").unlink()
    assert main(["decode", "a.ovt", "--to-jpeg", "--max-pixels", "7487"]) == 1
    assert not pathlib.Path("a.jpg").exists()
    assert main(["decode", "a.ovt", "--to-jpeg", "--max-pixels", "7488"]) == 0
    assert len(re.findall("limit", capsys.readouterr().err)) >= 3


def test_every_refusal_is_an_error_of_ours():
    with pytest.raises(OvertoneError):
        overtone.repack_jpeg(b"\xff\xd8 junk")
