"""Files that the tests of the browser decode, and what Python makes of them."""

from __future__ import annotations

import base64
import functools
import pathlib
import shutil

import numpy as np
import pytest
import toy_latents
from browser_fixtures import MISSING
from helpers import scene
from web_server import JS

import overtone
from overtone.kernels.latent_file import pack
from overtone.kernels.latent_shape import Shapes, Spec

GOLDEN = pathlib.Path(__file__).parent / "golden"
CODECS = ("tiled-dct", "dfm", "sparse-dct", "dfm-latent")
PROGRESSIVE = ("sparse-dct", "dfm-latent")
MODULES = ("ovt-simd.wasm", "ovt-plain.wasm")


def need_modules() -> None:
    """Skips a test where `make wasm` has not been run, or not since emscripten came."""
    missing = [name for name in MODULES if not (JS / "wasm" / name).exists()]
    if missing:
        hint = "run make wasm"
        if shutil.which("emcmake") is None:
            hint = "install emscripten (Debian/Ubuntu: apt install emscripten) and " + hint
        pytest.skip(f"{MISSING}no js/wasm/{missing[0]}: {hint}")


def golden_file(codec: str) -> bytes:
    """The stored file of a codec."""
    return (GOLDEN / f"{codec}-1.ovt").read_bytes()


@functools.cache
def file_of(codec: str, channels: int, height: int = 45, width: int = 70) -> bytes:
    """A small file of this codec and number of channels."""
    effort = "fast" if codec == "dfm" else "default"
    image = scene(height, width, channels)
    return overtone.encode(image, codec=codec, quality=40, effort=effort, num_threads=1)


@functools.cache
def progressive_file(codec: str) -> bytes:
    """A picture of 130x96 pixels whose beginnings are pictures, too."""
    if codec != "dfm-latent":
        return file_of(codec, 3, 96, 130)
    shapes = Shapes(Spec(height=96, width=130, num_mixed=8))
    return toy_latents.file_of(shapes.spec, pack(shapes, toy_latents.machine_of(shapes, 0)))


def rgba_of(pixels: np.ndarray) -> np.ndarray:
    """Pixels of 1 to 4 channels with four, as browsers have them."""
    channels = pixels.shape[2]
    colours = pixels[:, :, :1].repeat(3, axis=2) if channels <= 2 else pixels[:, :, :3]
    opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    return np.concatenate([colours, pixels[:, :, -1:] if channels in (2, 4) else opaque], axis=2)


def encoded(data: bytes) -> str:
    """Bytes on their way into a page."""
    return base64.b64encode(data).decode()


def array_of(result: dict) -> np.ndarray:
    """The pixels that a page returned."""
    raw = np.frombuffer(base64.b64decode(result["data"]), np.uint8)
    return raw.reshape(result["height"], result["width"], 4)


def largest_difference(a: np.ndarray, b: np.ndarray) -> int:
    """Between any two samples, levels."""
    assert a.shape == b.shape
    return int(np.abs(a.astype(np.int32) - b.astype(np.int32)).max())
