"""Pictures of latent machines: whole, in part and at other sizes, as the twin draws them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from helpers import scene
from toy_latents import SPECS, file_of, machine_of, machine_of_picture, toy_files

from overtone.bitstream.container import Metadata
from overtone.codecs.registry import decode
from overtone.codecs.view import resolve_view
from overtone.imaging.image import Picture, picture_to_bytes, read_picture
from overtone.kernels import latent_picture_twin as twin
from overtone.kernels import ovt
from overtone.kernels.fourier import supported_isas
from overtone.kernels.latent_file import pack
from overtone.kernels.latent_shape import Shapes, Spec

FILES = toy_files()
every_machine = pytest.mark.parametrize("number", range(len(SPECS)))


def levels(colours: np.ndarray) -> np.ndarray:
    """8-bit pixels of colours (channels, rows, columns)."""
    return np.rint(255 * colours.clip(0, 1)).transpose(1, 2, 0)


Box = tuple[float, float, float, float]


def views(width: int, height: int) -> list[tuple[Box, tuple[int, int]]]:
    asked = [
        {},
        {"crop": (width // 3, height // 2, width - width // 3, height - height // 2)},
        {"scale": 2},
        {"scale": 0.3},
        {"size": (width + 5, max(1, height // 3))},
        {"crop": (width * 0.2, height * 0.3, width * 0.7, height * 0.5), "scale": 2.6},
        {"crop": (width - 1, height - 1, 1, 1), "size": (3, 2)},
    ]
    found = [resolve_view(width, height, max_pixels=1 << 20, **each) for each in asked]
    return [((v.x, v.y, v.width, v.height), (v.out_width, v.out_height)) for v in found]


def test_a_file_of_this_version_still_decodes(golden):
    spec = Spec(height=41, width=23, trunk="fourier", num_mixed=3, num_grids=5)
    shapes = Shapes(spec)

    def make() -> bytes:
        return file_of(spec, pack(shapes, machine_of_picture(shapes, scene(41, 23))))

    data = golden("dfm-latent-1.ovt", make)
    pixels = decode(data, num_threads=1)
    png = golden("dfm-latent-1.png", lambda: picture_to_bytes(Picture(pixels, Metadata()), ".png"))
    kept = read_picture(io.BytesIO(png)).pixels
    assert np.abs(pixels.astype(int) - kept).max() <= 1


@every_machine
def test_every_view_is_that_of_the_twin(number):
    shapes, machine, section = FILES[number]
    file = ovt.File(file_of(shapes.spec, section))
    different = samples = 0
    for box, size in views(shapes.spec.width, shapes.spec.height):
        expected = levels(twin.view(shapes, machine, box, size))
        for isa in supported_isas():
            pixels = np.concatenate(list(file.strips(box, size, isa=isa)))
            distance = np.abs(pixels - expected)
            assert distance.max() <= 1
            different += np.count_nonzero(distance)
            samples += distance.size
    assert different <= 2 + samples // 1000


@pytest.mark.parametrize("trunk", ["rectified", "fourier"])
def test_threads_and_parts_agree_over_many_strips(trunk):
    spec = Spec(height=331, width=210, trunk=trunk, num_mixed=5)
    shapes = Shapes(spec)
    data = file_of(spec, pack(shapes, machine_of(shapes, 3)))
    file = ovt.File(data)
    whole = np.concatenate(list(file.strips((0, 0, 210, 331), (210, 331))))
    assert whole.std() > 10
    for box in ((0, 0, 210, 331), (3, 65, 200, 260), (150, 290, 60, 41)):
        x, y, width, height = box
        part = np.concatenate(list(file.strips(box, (width, height), num_threads=3)))
        np.testing.assert_array_equal(part, whole[y : y + height, x : x + width])
    for size in ((420, 662), (100, 130)):
        one, three = (
            np.concatenate(list(file.strips((0, 0, 210, 331), size, num_threads=n))) for n in (1, 3)
        )
        np.testing.assert_array_equal(one, three)


def test_pixels_in_a_larger_view_are_those_of_the_picture():
    """An odd factor, so that every third sample is at the centre of a pixel."""
    shapes, machine, section = FILES[0]
    data = file_of(shapes.spec, section)
    whole = decode(data, num_threads=1).astype(int)
    larger = decode(data, scale=3, num_threads=1)
    assert np.abs(larger[1::3, 1::3] - whole).max() <= 1
    assert machine.symbols.any()


def test_weights_beyond_all_numbers_make_a_picture():
    for spec in SPECS:
        shapes = Shapes(spec)
        machine = machine_of(shapes, 0)
        integers = np.where(machine.integers < 0, -(1 << 17), 1 << 17).astype(np.int32)
        absurd = type(machine)((0,) * 11, (160,) * 11, integers, machine.symbols)
        pixels = decode(file_of(spec, pack(shapes, absurd)), scale=1.3, num_threads=1)
        assert pixels.dtype == np.uint8
