"""The codec tiled-dct: its layers against slow twins, its settings, its seams."""

import math

import numpy as np
import pytest
from helpers import scene

from overtone.codecs.base import View, full_view
from overtone.codecs.registry import decode, encode
from overtone.codecs.tiled_dct.color import decorrelating_angles
from overtone.codecs.tiled_dct.decode import decode_strips
from overtone.codecs.tiled_dct.header import TiledDctHeader
from overtone.codecs.tiled_dct.post_filter import (
    FILTER,
    INPUT_SCALE_STEPS,
    PostFilter,
    load_weights,
    set_of_plane,
)
from overtone.codecs.tiled_dct.series import (
    NEIGHBOURS,
    SeriesReader,
    encode_planes,
    padded,
    to_planes,
)
from overtone.entropy.context_state import (
    load_context_state,
    pack_context_state,
    unpack_context_state,
)
from overtone.kernels import _series
from overtone.kernels.fourier import supported_isas
from overtone.kernels.fourier_twin import forward as layer_twin
from overtone.metrics.blockiness import seam_ratio

SIZE = (75, 139)  # two rows of superblocks, three columns, neither whole


def coded(image, *, step_index=400, **settings):
    angles = decorrelating_angles(image) if image.shape[2] == 3 else None
    header = TiledDctHeader(step_index=step_index, angles=angles, **settings)
    return header, encode_planes(to_planes(image, angles), header, rd_weight=0.13)


def reader_of(image, header, stream, **settings):
    height, width, channels = image.shape
    return SeriesReader(
        stream,
        header,
        width=width,
        height=height,
        channels=channels,
        **{"num_threads": 1, **settings},
    )


def reach_of(extent, n, header):
    """How far a tile may blend: further the smoother it is."""
    smooth = header.blend_eighths / 8 * n / extent
    return max(header.overlap_px, min(smooth, 8, n / 2))


def series_twin(tiles, header, shape, xs, ys):
    """The overlapping tiles' cosine series as written, in float64."""
    channels, tall, wide = shape
    total = np.zeros((channels, len(ys), len(xs)))
    weights = np.zeros((len(ys), len(xs)))

    def edge(distance, reach):
        return 0.5 * (1 + np.sin(np.pi / 2 * np.clip(distance / reach, -1, 1)))

    reaches = np.zeros((tall, wide))
    for x, y, extent, levels in tiles:
        n = levels.shape[1]
        reaches[y : y + n, x : x + n] = reach_of(extent, n, header)

    def axis(positions, start, n, limit, before, after):
        k = np.arange(n)[:, None]
        basis = np.cos(np.pi * k * (positions - start) / n) * np.where(k, math.sqrt(2 / n), n**-0.5)
        weight = np.ones(len(positions))
        if start > 0:
            weight = weight * edge(positions - start, before.min())
        if start + n < limit:
            weight = weight * edge(start + n - positions, after.min())
        return basis, weight

    for x, y, _, levels in tiles:
        n = levels.shape[1]
        q = levels.astype(np.float64)
        reconstruction_offset = (
            np.where(np.abs(q) == 1, header.reconstruction_offset_one, header.reconstruction_offset)
            / 100
        )
        value = np.sign(q) * (np.abs(q) - reconstruction_offset * (q != 0))
        value[:, 0, 0] = q[:, 0, 0]
        around = np.pad(reaches, 1, constant_values=np.inf)
        rows, columns = slice(y + 1, y + n + 1), slice(x + 1, x + n + 1)
        own = reaches[y, x]
        left, right, above, below = (
            np.minimum(side, own)
            for side in (
                around[rows, x],
                around[rows, x + n + 1],
                around[y, columns],
                around[y + n + 1, columns],
            )
        )
        bx, wx = axis(xs, x, n, wide, left, right)
        by, wy = axis(ys, y, n, tall, above, below)
        weight = wy[:, None] * wx[None, :]
        total += weight * np.einsum("cvu,vj,ui->cji", header.step * value, by, bx)
        weights += weight
    return total / weights


@pytest.fixture(scope="module")
def example():
    image = scene(*SIZE)
    return image, *coded(image)


@pytest.mark.parametrize("isa", supported_isas())
@pytest.mark.parametrize("scale", [1, 2.3])
def test_the_series_is_its_formula_on_every_instruction_set(example, isa, scale):
    image, header, stream = example
    height, width, channels = image.shape
    tiles = list(reader_of(image, header, stream).tiles())
    view = View(
        x=0,
        y=0,
        width=width,
        height=height,
        out_width=round(width * scale),
        out_height=round(height * scale),
    )
    reader = reader_of(image, header, stream, isa=isa)
    shape = (channels, padded(height), padded(width))
    row = 0
    for xs, ys in reader.strips(view):
        expected = series_twin(
            tiles, header, shape, np.clip(xs, 0.5, width - 0.5), np.clip(ys, 0.5, height - 0.5)
        )
        # Values reach 220; float32 sums of up to 64 terms.
        np.testing.assert_allclose(reader.values(xs, ys), expected, atol=2e-3)
        row += len(ys)
    assert row == view.out_height


def test_instruction_sets_and_threads_agree_within_one_level(example):
    image, header, stream = example
    view = full_view(image.shape[1], image.shape[0])

    def pixels(**settings):
        settings = {"num_threads": 1, "isa": "auto", **settings}
        strips = decode_strips(stream, header, image.shape, view, **settings)
        return np.concatenate(list(strips)).astype(int)

    reference = pixels(isa="baseline")
    assert np.array_equal(pixels(num_threads=1), pixels(num_threads=3))
    for isa in supported_isas():
        assert np.abs(pixels(isa=isa) - reference).max() <= 1


def test_tiles_cover_the_padded_picture_once(example):
    image, header, stream = example
    covered = np.zeros((padded(image.shape[0]), padded(image.shape[1])), int)
    for x, y, _, levels in reader_of(image, header, stream).tiles():
        n = levels.shape[1]
        covered[y : y + n, x : x + n] += 1
    assert (covered == 1).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_fine_step_comes_back_nearly_exact(channels):
    image = scene(41, 83, channels)
    decoded = decode(encode(image, quality=100, effort="fast"))
    assert np.abs(decoded.astype(int) - image).mean() < 0.7  # a step of one gray level


def test_the_post_filter_is_its_formula(example):
    image, header, stream = example
    reader = reader_of(image, header, stream)
    xs, ys = next(reader.strips(full_view(image.shape[1], image.shape[0])))
    around = reader.neighbourhoods(xs, ys)
    refined = PostFilter(header, num_threads=1).refine(around)
    for channel in range(3):
        centre = around[0][channel].astype(np.float64)
        assert len(NEIGHBOURS) == len(around) - 1
        x = np.stack([(plane[channel] - centre).ravel() for plane in around[1:]])
        x /= INPUT_SCALE_STEPS * header.step
        inputs = x / (2 * (1 + np.abs(x)))
        weights = load_weights()[set_of_plane(channel)]
        expected = centre.ravel() + header.step * layer_twin(FILTER, weights, inputs)[0]
        np.testing.assert_allclose(refined[channel].ravel(), expected, atol=1e-3)


def test_neighbours_are_one_source_pixel_away_at_any_scale(example):
    image, header, stream = example
    reader = reader_of(image, header, stream)
    height, width, _ = image.shape
    xs, ys = next(reader.strips(full_view(width, height)))
    sliced = reader.neighbourhoods(xs, ys)
    singly = [reader.values(xs + dx, ys + dy) for dy, dx in ((0, 0), *NEIGHBOURS)]
    for a, b in zip(sliced, singly, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_the_post_filter_can_be_left_out(example):
    image, _, _ = example
    plain, stream = coded(image, uses_post_filter=(False, False))
    reader = reader_of(image, plain, stream)
    xs, ys = next(reader.strips(full_view(image.shape[1], image.shape[0])))
    around = reader.neighbourhoods(xs, ys)
    assert np.array_equal(PostFilter(plain, num_threads=1).refine(around), around[0])


def test_the_context_state_comes_back_and_fits_the_model():
    counters, weights = load_context_state("overtone.codecs.tiled_dct")
    again = unpack_context_state(pack_context_state(counters, weights))
    assert np.array_equal(again[0], counters)
    assert np.array_equal(again[1], weights)
    probabilities, _, mixing = _series.untrained()
    assert (len(probabilities), len(mixing)) == (counters.size, weights.size)


def test_a_foreign_context_state_is_refused():
    counters, weights = load_context_state("overtone.codecs.tiled_dct")
    with pytest.raises(ValueError, match="another version"):
        _series.Decoder(b"", counters[1:], weights, width=8, height=8, channels=1)


def test_effort_never_costs_more(example):
    image, _, _ = example
    sizes = {}
    for effort in ("fast", "default"):
        data = encode(image, quality=30, effort=effort)
        error = np.mean((decode(data).astype(float) - image) ** 2)
        step = 512 * 2 ** (-290 / 110)
        sizes[effort] = error * image.size + 0.13 * step**2 * 8 * len(data)
    assert sizes["default"] <= sizes["fast"]


def test_interrupting_leaves_at_once():
    def stop(fraction, message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode(scene(70, 90), quality=30, progress=stop)


def test_seams_do_not_show_when_enlarged():
    image = scene(128, 192)
    decoded = decode(encode(image, quality=20), scale=3)
    ratio = seam_ratio(decoded, period_px=64, scale=3)
    original = seam_ratio(image, period_px=64)
    assert ratio is not None
    assert original is not None
    assert ratio < 2 * original
