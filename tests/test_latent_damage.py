"""Files of latent machines that are cut or damaged: what is shown, and what is said."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
from helpers import mutate_section
from toy_latents import assert_same, file_of, machine_of, read, size_of, toy_files

from overtone.bitstream.container import Container
from overtone.codecs.dfm_latent.codec import read_section
from overtone.codecs.registry import decode, shorten
from overtone.errors import BitstreamError, TruncatedError
from overtone.kernels import latent_file_twin as twin
from overtone.kernels.latent_file import pack, unpack
from overtone.kernels.latent_shape import Shapes

FILES = toy_files()
every_machine = pytest.mark.parametrize("number", range(len(FILES)))


@every_machine
def test_a_beginning_holds_what_it_says_and_zeros(number):
    shapes, machine, section = FILES[number]
    size = size_of(shapes)
    _, stream = read_section(Container.from_bytes(file_of(shapes.spec, section)))
    head = len(section) - len(stream)
    known = []
    for length in np.linspace(0, len(stream) - 1, 6).astype(int).tolist():
        found = unpack(section[: head + length], size, is_prefix=True)
        try:
            expected = twin.decode(stream[:length], shapes, is_prefix=True)
        except twin.EndOfBeginningError:
            assert found.integers.size == found.symbols.size == 0
            continue
        assert_same(found, expected)
        is_known = found.symbols == machine.symbols
        assert (found.symbols[~is_known] == 0).all()
        known.append(np.count_nonzero(is_known))
    assert known == sorted(known)


def test_the_beginning_of_a_file_decodes_as_its_shortened_file():
    shapes, _, section = FILES[2]
    data = file_of(shapes.spec, section)
    whole = decode(data, num_threads=1).astype(int)
    errors = []
    for max_bytes in [*range(4, 60, 3), *range(60, len(data) + 1, 83), len(data)]:
        try:
            short = shorten(data, max_bytes)
        except TruncatedError:
            assert max_bytes < 40
            continue
        assert len(short) <= max_bytes
        pixels = decode(data[:max_bytes], max_bytes=max_bytes, num_threads=1)
        np.testing.assert_array_equal(decode(short, num_threads=1), pixels)
        np.testing.assert_array_equal(decode(shorten(short, max_bytes), num_threads=1), pixels)
        if max_bytes < 300:  # not all weights
            assert (pixels[..., :3] == 128).all()
            assert (pixels[..., 3] == 255).all()
        errors.append(np.abs(pixels - whole).mean())
    assert errors[-1] == 0
    assert errors[-2] < errors[0] / 2


def outcome(work) -> tuple:
    """What was read, or what was raised: class, offset and message."""
    try:
        found = work()
    except BitstreamError as error:
        return (type(error).__name__, error.offset, str(error))
    except twin.EndOfBeginningError:
        return ("done", b"", b"")
    return ("done", found.integers.tobytes(), found.symbols.tobytes())


@pytest.mark.parametrize("number", [2, 4, 5])
def test_damage_is_reported_as_by_the_twin(number):
    rng = random.Random(number)
    shapes, _, section = FILES[number]
    spec = dataclasses.replace(shapes.spec, height=min(5, shapes.spec.height), width=7)
    shapes = Shapes(spec)
    section = pack(shapes, machine_of(shapes, number))
    kinds = set()
    for index in range(70):
        head = section[:40] if index % 2 else section
        changed = mutate_section(head, rng) + section[len(head) :]
        if index % 3 == 0:  # a beginning, whose end is no error
            changed = b"\1" + changed[1:]
        data = file_of(spec, changed)
        expected = outcome(lambda data=data: read(data))
        kinds.add(expected[0])
        if expected[0] == "done":
            found = outcome(lambda changed=changed: unpack(changed, size_of(shapes)))
            assert found == expected, index
            assert decode(data, num_threads=1).shape == size_of(shapes)
        else:
            assert outcome(lambda data=data: decode(data, num_threads=1)) == expected, index
    assert kinds >= {"done", "CorruptError"}
