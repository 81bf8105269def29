"""The codec tiled-dct: its layers against slow twins, its settings, its seams."""

import numpy as np
import pytest
from helpers import scene

from overtone.codecs.base import View, full_view
from overtone.codecs.registry import decode, encode
from overtone.codecs.tiled_dct.color import decorrelating_angles
from overtone.codecs.tiled_dct.decode_twin import NEIGHBOURS, decode_strips
from overtone.codecs.tiled_dct.header import PACKAGE, TiledDctHeader
from overtone.codecs.tiled_dct.planes import Planes, padded
from overtone.codecs.tiled_dct.post_filter_twin import (
    FILTER,
    INPUT_SCALE_STEPS,
    PostFilterTwin,
    load_weights,
    set_of_plane,
)
from overtone.codecs.tiled_dct.tiles import read_tiles
from overtone.entropy.context_state import (
    load_context_state,
    pack_context_state,
    unpack_context_state,
)
from overtone.kernels import fourier_twin, tiled_dct, tiled_dct_twin
from overtone.kernels.fourier import supported_isas
from overtone.metrics.blockiness import blockiness_ratio

SIZE = (75, 139)  # two rows of superblocks, three columns, neither whole


def coded(image, *, step_index=400, **settings):
    angles = decorrelating_angles(image) if image.shape[2] == 3 else None
    header = TiledDctHeader(step_index=step_index, angles=angles, **settings)
    state = load_context_state(PACKAGE)
    planes = Planes(image, angles)
    return header, tiled_dct.encode(planes, state, header.reconstruction, rd_weight=0.13)


def series_of(image, header, stream, view=None, **settings):
    """The series at the positions of the view's strips and around them, in the order of strips."""
    height, width, _ = image.shape
    seen = []

    def refine(around):
        seen.append(around)
        return around[0]

    settings = {"refine": refine, "num_threads": 1, **settings}
    list(decode_strips(stream, header, image.shape, view or full_view(width, height), **settings))
    return [np.concatenate(planes, axis=1) for planes in zip(*seen, strict=True)]


def positions(view):
    xs = view.x + (np.arange(view.out_width) + 0.5) * view.width / view.out_width
    ys = view.y + (np.arange(view.out_height) + 0.5) * view.height / view.out_height
    return xs, ys


def series_twin(image, header, stream, xs, ys):
    height, width, channels = image.shape
    shape = (channels, padded(height), padded(width))
    xs, ys = np.clip(xs, 0.5, width - 0.5), np.clip(ys, 0.5, height - 0.5)
    tiles = list(read_tiles(stream, image.shape))
    return tiled_dct_twin.render(tiles, header.reconstruction, shape, xs, ys)


@pytest.fixture(scope="module")
def example():
    image = scene(*SIZE)
    return image, *coded(image)


@pytest.mark.parametrize("isa", supported_isas())
@pytest.mark.parametrize("scale", [1, 2.3])
def test_the_series_is_its_twin_on_every_instruction_set(example, isa, scale):
    image, header, stream = example
    height, width, _ = image.shape
    size = {"out_width": round(width * scale), "out_height": round(height * scale)}
    view = View(x=0, y=0, width=width, height=height, **size)
    series = series_of(image, header, stream, view, isa=isa)[0]
    # Values reach 220; float32 sums of up to 64 terms.
    expected = series_twin(image, header, stream, *positions(view))
    np.testing.assert_allclose(series, expected, atol=2e-3)


def test_instruction_sets_and_threads_agree_within_one_level(example):
    image, header, stream = example
    view = full_view(image.shape[1], image.shape[0])

    def pixels(**settings):
        settings = {"num_threads": 1, "isa": "auto", **settings}
        refine = PostFilterTwin(header, **settings).refine
        strips = decode_strips(stream, header, image.shape, view, refine=refine, **settings)
        return np.concatenate(list(strips)).astype(int)

    reference = pixels(isa="baseline")
    assert np.array_equal(pixels(num_threads=1), pixels(num_threads=3))
    for isa in supported_isas():
        assert np.abs(pixels(isa=isa) - reference).max() <= 1


def test_tiles_cover_the_padded_picture_once(example):
    image, _, stream = example
    covered = np.zeros((padded(image.shape[0]), padded(image.shape[1])), int)
    for x, y, _, levels in read_tiles(stream, image.shape):
        n = levels.shape[1]
        covered[y : y + n, x : x + n] += 1
    assert (covered == 1).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_fine_step_comes_back_nearly_exact(channels):
    image = scene(41, 83, channels)
    decoded = decode(encode(image, quality=100, effort="fast"))
    assert np.abs(decoded.astype(int) - image).mean() < 0.7  # a step of one gray level


def test_the_post_filter_is_its_twin(example):
    image, header, stream = example
    around = series_of(image, header, stream)
    refined = PostFilterTwin(header, num_threads=1).refine(around)
    assert len(NEIGHBOURS) == len(around) - 1
    for channel in range(3):
        centre, *neighbours = (plane[channel] for plane in around)
        scale = INPUT_SCALE_STEPS * header.step
        inputs = tiled_dct_twin.squashed_differences(centre, neighbours, scale)
        weights = load_weights()[set_of_plane(channel)]
        change = fourier_twin.forward(FILTER, weights, inputs)[0].reshape(centre.shape)
        np.testing.assert_allclose(refined[channel], centre + header.step * change, atol=1e-3)


def test_neighbours_are_one_source_pixel_away_at_any_scale(example):
    image, header, stream = example
    height, width, _ = image.shape
    for scale in (1, 2):
        size = {"out_width": scale * width, "out_height": scale * height}
        view = View(x=0, y=0, width=width, height=height, **size)
        around = series_of(image, header, stream, view)
        xs, ys = positions(view)
        for (dy, dx), plane in zip(NEIGHBOURS, around[1:], strict=True):
            expected = series_twin(image, header, stream, xs + dx, ys + dy)
            np.testing.assert_allclose(plane, expected, atol=2e-3)


def test_the_post_filter_can_be_left_out(example):
    image, _, _ = example
    plain, stream = coded(image, uses_post_filter=(False, False))
    around = series_of(image, plain, stream)
    assert np.array_equal(PostFilterTwin(plain, num_threads=1).refine(around), around[0])


def test_the_context_state_comes_back_and_fits_the_model():
    counters, weights = load_context_state(PACKAGE)
    again = unpack_context_state(pack_context_state(counters, weights))
    assert np.array_equal(again[0], counters)
    assert np.array_equal(again[1], weights)
    probabilities, _, mixing = tiled_dct.untrained()
    assert (len(probabilities), len(mixing)) == (counters.size, weights.size)


def test_a_foreign_context_state_is_refused():
    counters, weights = load_context_state(PACKAGE)
    with pytest.raises(ValueError, match="another version"):
        tiled_dct.Decoder(b"", (counters[1:], weights), width=8, height=8, channels=1)


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
    ratio = blockiness_ratio(decoded, period_px=64, scale=3)
    original = blockiness_ratio(image, period_px=64)
    assert ratio is not None
    assert original is not None
    assert ratio < 2 * original
