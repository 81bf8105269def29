"""What a file says about its picture, left out: all of EXIF and ICC, or only where it was taken."""

from __future__ import annotations

import dataclasses
import struct
from typing import Literal

import numpy as np

from overtone.bitstream.container import Metadata
from overtone.imaging.convert import to_srgb, upright
from overtone.imaging.image import Picture, to_pillow

_GPS_TAG = 0x8825
_ENTRY_BYTES = 12
# Type of a field of EXIF -> bytes of one value.
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}


def stripped(picture: Picture, what: Literal["all", "gps"] | None) -> Picture:
    """The picture without what is named, see `without_metadata` and `without_gps`."""
    if what == "gps":
        return Picture(picture.pixels, without_gps(picture.metadata))
    return without_metadata(picture) if what == "all" else picture


def without_metadata(picture: Picture) -> Picture:
    """The picture without EXIF and ICC, looking as it did: turned upright, its colours in sRGB.

    Its resolution stays. Gray levels are not converted.
    """
    image = upright(to_pillow(picture))
    if picture.pixels.shape[2] >= 3:
        image = to_srgb(image, picture.metadata.icc, image.mode) or image
    pixels = np.asarray(image).reshape(image.height, image.width, -1)
    dpi = picture.metadata.dpi
    if dpi is not None and (image.width, image.height) != picture.pixels.shape[1::-1]:
        dpi = (dpi[1], dpi[0])
    return Picture(np.ascontiguousarray(pixels), Metadata(dpi=dpi))


def without_gps(metadata: Metadata) -> Metadata:
    """The metadata without the tags of EXIF that say where and when a satellite saw the camera.

    All else of EXIF stays byte for byte. A block that cannot be read is left out whole, since
    nobody knows what it says.
    """
    if not metadata.exif:
        return metadata
    try:
        exif = _without_gps(bytearray(metadata.exif))
    except (struct.error, KeyError, ValueError):
        exif = b""
    return dataclasses.replace(metadata, exif=exif)


def _without_gps(exif: bytearray) -> bytes:
    """Takes the pointer to the GPS tags out of the first directory, and overwrites them with 0."""
    order = {b"II": "<", b"MM": ">"}[bytes(exif[:2])]
    (first,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, first)
    end = first + 2 + count * _ENTRY_BYTES
    for at in range(first + 2, end, _ENTRY_BYTES):
        tag, _, _, place = struct.unpack_from(f"{order}HHII", exif, at)
        if tag == _GPS_TAG:
            _blank_directory(exif, order, place)
            # What follows, with the pointer to the next directory, moves up by one entry.
            moved = exif[at + _ENTRY_BYTES : end + 4]
            exif[at : end + 4] = moved + bytes(_ENTRY_BYTES)
            struct.pack_into(f"{order}H", exif, first, count - 1)
            return _without_gps(exif)
    return bytes(exif)


def _blank_directory(exif: bytearray, order: str, place: int) -> None:
    (count,) = struct.unpack_from(f"{order}H", exif, place)
    for at in range(place + 2, place + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
        _, kind, number, value = struct.unpack_from(f"{order}HHII", exif, at)
        size = _TYPE_BYTES[kind] * number
        if size > 4:
            _blank(exif, value, size)
    _blank(exif, place, 2 + count * _ENTRY_BYTES)


def _blank(exif: bytearray, start: int, size: int) -> None:
    if start + size > len(exif):
        raise ValueError("a directory of EXIF points outside")
    exif[start : start + size] = bytes(size)
