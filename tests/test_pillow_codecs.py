"""The classical baselines: right settings, ordinary files, errors that say what to do."""

import io

import numpy as np
import pytest
from helpers import SHAPES, scene
from PIL import Image

from overtone.bitstream.container import Layout, Metadata
from overtone.codecs.base import EncodeOptions, View, full_view
from overtone.codecs.pillow import AvifCodec, Jpeg2000Codec, JpegCodec, WebpCodec
from overtone.errors import BitstreamError, ImageError, NotABitstreamError
from overtone.metrics import psnr_db, rate_bpp

CODECS = [JpegCodec(), WebpCodec(), AvifCodec(), Jpeg2000Codec()]


@pytest.fixture(params=CODECS, ids=lambda codec: codec.name)
def codec(request):
    return request.param


def decode(codec, data, width, height):
    return np.concatenate(
        list(codec.decode_rows(codec.open(data), full_view(width, height), num_threads=1))
    )


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_round_trip_keeps_shape_and_looks_alike(codec, shape):
    for layout in sorted(codec.layouts):
        image = scene(*shape, channels=int(layout))
        data = codec.encode(image, EncodeOptions(quality=90.0))
        decoded = decode(codec, data, shape[1], shape[0])
        assert decoded.shape == image.shape
        assert np.abs(decoded.astype(int) - image.astype(int)).mean() < 12


def test_quality_trades_bytes_for_decibels(codec):
    image = scene(96, 160)
    sizes, scores = [], []
    for quality in (5.0, 30.0, 60.0, 95.0):
        data = codec.encode(image, EncodeOptions(quality=quality))
        sizes.append(len(data))
        scores.append(psnr_db(reference=image, reconstruction=decode(codec, data, 160, 96)))
    assert sizes == sorted(set(sizes))
    assert scores == sorted(set(scores))


def test_same_picture_gives_same_bytes_whatever_the_threads(codec):
    image = scene(64, 48)
    one = codec.encode(image, EncodeOptions(num_threads=1))
    assert codec.encode(image, EncodeOptions(num_threads=4)) == one


def test_files_are_ordinary_files_of_their_format(codec):
    data = codec.encode(scene(24, 40), EncodeOptions())
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == codec.pillow_format
        assert picture.size == (40, 24)
    assert codec.describe(codec.open(data), full=False)["sections"] == {"file": len(data)}


def test_jpeg_is_progressive_with_half_size_chroma():
    data = JpegCodec().encode(scene(24, 40), EncodeOptions())
    frame = data.index(b"\xff\xc2")  # start of a progressive frame; C0 would be baseline
    assert data[frame + 11] == 0x22, "luma sampling factors are 2 by 2"


def test_jpeg2000_fixes_the_rate_and_grows_geometrically():
    image = scene(256, 384)
    rates = [
        rate_bpp(
            size_bytes=len(Jpeg2000Codec().encode(image, EncodeOptions(quality=quality))),
            width=384,
            height=256,
        )
        for quality in (30.0, 50.5)
    ]
    header_bpp = 8 * 280 / (256 * 384)
    assert rates[0] == pytest.approx(0.04 * 200 ** (29 / 99) + header_bpp, rel=0.05)
    assert rates[1] == pytest.approx(0.04 * 200**0.5 + header_bpp, rel=0.05)


@pytest.mark.parametrize("codec", CODECS[:3], ids=lambda codec: codec.name)
def test_metadata_is_kept(codec):
    exif = Image.Exif()
    exif[0x0112] = 6
    metadata = Metadata(icc=b"profile" * 20, exif=exif.tobytes().removeprefix(b"Exif\x00\x00"))
    data = codec.encode(scene(24, 40), EncodeOptions(metadata=metadata))
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.info["icc_profile"] == metadata.icc
        assert picture.getexif()[0x0112] == 6


def test_a_layout_the_format_cannot_hold_is_named(codec):
    for layout in set(Layout) - codec.layouts:
        with pytest.raises(ImageError, match=r"files hold .*, not"):
            codec.encode(scene(8, 9, int(layout)), EncodeOptions())


def test_a_picture_too_large_for_the_format_is_refused():
    with pytest.raises(ImageError, match="cannot hold this 17000x1 picture"):
        WebpCodec().encode(np.zeros((1, 17000, 3), np.uint8), EncodeOptions())


def test_only_the_whole_picture_decodes(codec):
    data = codec.encode(scene(24, 40), EncodeOptions())
    half = View(x=0.0, y=0.0, width=40.0, height=24.0, out_width=20, out_height=12)
    with pytest.raises(ImageError, match="any size and crop"):
        list(codec.decode_rows(codec.open(data), half, num_threads=1))


def test_foreign_bytes_are_refused(codec):
    with pytest.raises(NotABitstreamError, match=codec.pillow_format):
        codec.open(b"OVTN, but not really")


def test_a_cut_file_is_refused(codec):
    data = codec.encode(scene(96, 160), EncodeOptions())
    with pytest.raises(BitstreamError):
        decode(codec, data[: len(data) // 2], 160, 96)
