"""What a tiled-dct file says besides coefficients: rotation of the colours, header."""

import numpy as np
import pytest
from helpers import scene
from hypothesis import given
from hypothesis import strategies as st

from overtone.bitstream.reader import Reader
from overtone.bitstream.writer import Writer
from overtone.codecs.tiled_dct.color import decorrelating_angles, rotation
from overtone.codecs.tiled_dct.header import MAX_STEP_INDEX, TiledDctHeader
from overtone.errors import BitstreamError


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_rotation_is_orthonormal(angles):
    matrix = rotation(angles)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_the_rotation_decorrelates():
    image = scene(40, 56)
    matrix = rotation(decorrelating_angles(image))
    planes = np.diff(image.astype(np.float64), axis=1).reshape(-1, 3) @ matrix.T
    power = (planes**2).mean(axis=0)
    assert power[0] > power[1] > power[2]


parameter_sets = st.builds(
    TiledDctHeader,
    step_index=st.integers(0, MAX_STEP_INDEX),
    angles=st.none() | st.tuples(*[st.integers(0, 255)] * 3),
    overlap_tenths=st.integers(0, 40),
    reconstruction_offset_one=st.integers(0, 50),
    reconstruction_offset=st.integers(0, 50),
    blend_eighths=st.integers(0, 16),
    uses_post_filter=st.tuples(st.booleans(), st.booleans()),
)


@given(parameter_sets)
def test_parameters_come_back(header):
    writer = Writer()
    header.write(writer)
    reader = Reader(writer.to_bytes())
    assert TiledDctHeader.read(reader, has_color=header.angles is not None) == header
    reader.finish()


@given(st.binary(max_size=12), st.booleans())
def test_any_head_is_parameters_or_an_error(data, has_color):
    try:
        header = TiledDctHeader.read(Reader(data), has_color=has_color)
    except BitstreamError:
        return
    assert 1 <= header.step <= 512
