"""Frequency edits of pictures: what is exact, what stays, what each edit does, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import SHAPES, scene
from hypothesis import given
from hypothesis import strategies as st

from overtone import edit
from overtone.editing.bands import Band, find_band, find_bands, middle_cycles, named_edges
from overtone.editing.basis import (
    Domain,
    analyse,
    filtered,
    multiplicity,
    power,
    radial_cycles,
    synthesise,
)
from overtone.editing.radial import radial_profile
from overtone.errors import ConfigError, ImageError
from overtone.transform.dct import dct_matrix
from overtone.transform.plane_dct import inverse_plane_dct2, plane_dct2

DOMAINS: tuple[Domain, ...] = ("dct", "dft")
NEUTRAL = {"low": 1.0, "mid": 1.0, "high": 1.0}
sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


def noise(size, channels, dtype, seed=0):
    levels = np.iinfo(dtype).max + 1
    return np.random.default_rng(seed).integers(0, levels, (*size, channels), dtype)


def planes_of(image):
    return image.astype(np.float64).transpose(2, 0, 1)


@given(size=sizes)
def test_the_fast_transform_is_the_matrix_product(size):
    planes = np.random.default_rng(1).normal(size=(2, *size))
    slow = dct_matrix(size[0]) @ planes @ dct_matrix(size[1]).T
    np.testing.assert_allclose(plane_dct2(planes), slow, atol=1e-11)
    np.testing.assert_allclose(inverse_plane_dct2(slow), planes, atol=1e-11)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("size", SHAPES, ids=str)
def test_a_basis_is_orthonormal_and_inverted(size, domain):
    planes = planes_of(scene(*size))
    np.testing.assert_allclose(
        synthesise(analyse(planes, domain), size, domain), planes, atol=1e-11
    )
    total = np.square(planes).mean(0).sum()
    assert power(planes, domain).sum() == pytest.approx(total)
    assert multiplicity(size, domain).sum() == size[0] * size[1]


@pytest.mark.parametrize("domain", DOMAINS)
def test_frequencies_count_periods_along_the_longer_side(domain):
    x = (np.arange(48) + 0.5) / 48
    y = (np.arange(24)[:, None] + 0.5) / 48
    for down, across in ((0, 12), (8, 0), (6, 8)):
        wave = np.cos(2 * np.pi * across * x) * np.cos(2 * np.pi * down * y)
        where = radial_cycles((24, 48), domain)[power(wave[None], domain) > 1e-9]
        np.testing.assert_allclose(where, math.hypot(down, across))


@given(
    size=sizes,
    channels=st.integers(1, 4),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    domain=st.sampled_from(DOMAINS),
    luma_only=st.booleans(),
)
def test_neutral_settings_are_lossless(size, channels, dtype, domain, luma_only):
    image = noise(size, channels, dtype)
    again = edit(image, gain=NEUTRAL, keep_bands=["0-"], domain=domain, luma_only=luma_only)
    assert again.dtype == dtype
    np.testing.assert_array_equal(again, image)


@pytest.mark.parametrize("size", SHAPES, ids=str)
def test_gains_are_those_of_the_matrix_product(size):
    image = scene(*size)
    height, width = size
    v, u = np.mgrid[:height, :width]
    cycles = max(size) * np.hypot(v / (2 * height), u / (2 * width))
    low, high = named_edges(max(size))
    gains = np.ones(size)
    for index in np.ndindex(size):
        for edges, gain in (((0, low), 0.5), ((high, math.inf), 1.75)):
            gains[index] += (gain - 1) * slow_weight(cycles[index], *edges)
    gains[0, 0] = 1
    rows, columns = dct_matrix(height), dct_matrix(width)
    coeffs = rows @ planes_of(image) @ columns.T
    slow = np.clip(np.rint(rows.T @ (coeffs * gains) @ columns), 0, 255)
    fast = planes_of(edit(image, gain={"low": 0.5, "high": 1.75}))
    assert np.abs(fast - slow).max() <= 1  # where a half is rounded the other way
    assert (fast != slow).mean() < 0.01


def slow_weight(cycles, low, high):
    def step(edge):
        if edge == 0:
            return 1.0
        if math.isinf(edge) or cycles <= edge * 2**-0.5:
            return 0.0
        if cycles >= edge * 2**0.5:
            return 1.0
        return (1 - math.cos(math.pi * (math.log2(cycles / edge) + 0.5))) / 2

    return step(low) - step(high)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("size", SHAPES, ids=str)
def test_bands_are_a_partition_of_the_picture(size, domain):
    planes = planes_of(scene(*size))
    mean = planes.mean((1, 2), keepdims=True)
    parts = []
    for name in ("low", "mid", "high"):
        band = find_band(name, max(size))
        parts.append(filtered(planes, band.weights, domain) - mean)
    np.testing.assert_allclose(np.sum(parts, axis=0) + mean, planes, atol=1e-10)


@pytest.mark.parametrize("domain", DOMAINS)
def test_mean_and_alpha_stay_whatever_is_removed(domain):
    image = scene(41, 24, 4)
    changed = edit(image, keep_bands=["high"], gain={"0-": 0.5}, domain=domain)
    np.testing.assert_array_equal(changed[..., 3], image[..., 3])
    np.testing.assert_allclose(changed[..., :3].mean((0, 1)), image[..., :3].mean((0, 1)), atol=0.1)
    assert changed[..., :3].std() < image[..., :3].std() / 4


def test_with_the_dft_one_border_bleeds_into_the_other_and_with_the_dct_not():
    ramp = np.broadcast_to(np.arange(20, 220, 4, dtype=np.uint8)[None, :, None], (30, 50, 1))
    errors = {}
    for domain in DOMAINS:
        blurred = edit(ramp, keep_bands=["0-6"], domain=domain).astype(int)
        errors[domain] = np.abs(blurred - ramp)[:, [0, -1]].max()
    assert errors["dct"] < 8
    assert errors["dft"] > 50


def test_luma_only_leaves_the_differences_of_colours():
    image = scene(40, 24)
    changed = edit(image, gain={"high": 0.0}, luma_only=True).astype(int)
    before = image.astype(int)
    inside = (changed > 0) & (changed < 255)
    inside = inside.all(2)
    for a, b in ((0, 1), (1, 2)):
        moved = (changed[..., a] - changed[..., b]) - (before[..., a] - before[..., b])
        assert np.abs(moved[inside]).max() <= 1  # two roundings
    assert (changed != before).any()


def test_bits_scale_the_levels():
    image = scene(9, 20, 4)
    deep = edit(image, bits=16)
    np.testing.assert_array_equal(deep, image.astype(np.uint16) * 257)
    np.testing.assert_array_equal(edit(deep, bits=8), image)
    gains = {"high": 0.3}
    coarse, fine = edit(image, gain=gains), edit(deep, gain=gains)
    assert np.abs(fine / 257 - coarse).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("domain", DOMAINS)
def test_match_gives_the_radial_spectrum_of_the_reference(domain):
    own, reference = scene(60, 90, seed=1), scene(80, 70, seed=2)
    faint = (reference // 4 + noise((80, 70), 3, np.uint8) // 16 + 90).astype(np.uint8)
    matched = edit(own, match=faint, bits=16, domain=domain) / 257
    assert 0 < matched.min() < matched.max() < 255  # clipping would change it
    wanted = radial_profile(planes_of(faint), domain)
    reached = radial_profile(matched.transpose(2, 0, 1), domain)
    inside = reached.cycles <= wanted.cycles[-1]
    density = np.exp(
        np.interp(np.log(reached.cycles), np.log(wanted.cycles), np.log(wanted.density))
    )
    np.testing.assert_allclose(reached.density[inside] / density[inside], 1, atol=0.05)
    np.testing.assert_allclose(matched.mean((0, 1)), own.mean((0, 1)), atol=1e-3)


@pytest.mark.parametrize("size", SHAPES, ids=str)
def test_a_picture_matched_to_itself_is_itself(size):
    image = scene(*size, channels=4)
    np.testing.assert_array_equal(edit(image, match=image), image)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("domain", DOMAINS)
def test_a_picture_mixed_with_itself_is_itself(domain, channels):
    image = scene(41, 23, channels)
    np.testing.assert_array_equal(edit(image, mix=image, cutoff=3, domain=domain), image)


def test_mix_takes_low_from_one_and_high_from_the_other():
    first, second = scene(64, 40, seed=1), noise((64, 40), 3, np.uint8) // 4 + 96
    mixed = edit(first, mix=second, cutoff=8, edge_octaves=0.25).astype(float)
    coeffs = [plane_dct2(planes_of(each)) for each in (mixed, first, second)]
    cycles = radial_cycles((64, 40), "dct")
    for chosen, part in ((coeffs[1], cycles < 7), (coeffs[2], cycles > 9)):
        assert np.abs(coeffs[0] - chosen)[:, part].max() < 3  # rounding of 2560 pixels
    assert np.abs(coeffs[0] - coeffs[2])[:, cycles < 7].max() > 30


def test_a_picture_to_mix_with_may_have_another_size_depth_and_colours():
    gray = scene(33, 50, 1)
    mixed = edit(gray, mix=scene(90, 70, 4).astype(np.uint16) * 257, cutoff=1e6)
    np.testing.assert_array_equal(mixed, gray)  # nothing is above the cutoff
    assert edit(scene(33, 50, 4), mix=gray[:20]).shape == (33, 50, 4)


def test_edits_are_made_in_the_stated_order_without_rounding_between():
    image, other = scene(40, 64), scene(40, 64, seed=5)
    planes = planes_of(image)
    edge = middle_cycles(64)
    top = Band("top", edge, math.inf)
    change = planes_of(other) - planes
    means = change.mean((1, 2), keepdims=True)
    planes = planes + filtered(change, top.weights, "dct") - means
    planes = filtered(planes, lambda cycles: find_band("4-", 64).weights(cycles), "dct")
    planes = filtered(planes, lambda cycles: 1 + 0.5 * find_band("high", 64).weights(cycles), "dct")
    whole = edit(image, gain={"high": 1.5}, keep_bands=["4-"], mix=other)
    assert np.abs(planes_of(whole) - np.clip(planes, 0, 255)).max() <= 0.5 + 1e-9


def test_named_bands_share_the_octaves():
    assert named_edges(768) == pytest.approx((384 ** (1 / 3), 384 ** (2 / 3)))
    assert find_band("high", 768) == Band("high", named_edges(768)[1], math.inf)
    assert [band.name for band in find_bands(["40-", "0-8", " 8 - 40"], 100)] == [
        "0-8",
        "8 - 40",
        "40-",
    ]
    assert find_band("0.5-2.25", 10) == Band("0.5-2.25", 0.5, 2.25)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gain": {"lov": 1.0}}, "unknown band lov; did you mean low"),
        ({"gain": {"8-8": 1.0}}, "band 8-8 is empty"),
        ({"gain": {"9-8": 1.0}}, "band 9-8 is empty"),
        ({"gain": {"-3-8": 1.0}}, "from 0 up; got '-3-8'"),
        ({"gain": {"50-": 1.0}}, "which end at 33.9411 cycles per image"),
        ({"gain": {"high": math.inf}}, "must be a number from 0 up, got inf"),
        ({"gain": {"high": math.nan}}, "must be a number from 0 up, got nan"),
        ({"gain": {"high": -1.0}}, "must be a number from 0 up, got -1"),
        ({"gain": {}}, "at least one gain"),
        ({"gain": {"low": 1.0, "0-9": 1.0}}, "bands low and 0-9 overlap"),
        ({"keep_bands": [""]}, "low, mid, high or a range"),
        ({"edge_octaves": -1.0}, "0..4 octaves wide, got -1"),
        ({"cutoff": 3.0}, "a cutoff is for mixing"),
        ({"mix": scene(9, 9), "cutoff": 0.0}, "above 0 cycles per image, got 0"),
        ({"bits": 12}, "bits must be 8 or 16, got 12"),
        ({"notch": True, "notch_threshold_db": 0.0}, "above 0 dB, got 0"),
        ({"notch_frequencies": [(0.0, 0.0)]}, "within -24..24"),
        ({"notch_frequencies": [(3.0, 25.0)]}, "got 3,25"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ConfigError, match=message.replace(".", r"\.")):
        edit(scene(24, 48), **options)


@pytest.mark.parametrize("shape", [(3, 3, 5), (0, 3, 3), (3, 3, 0)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ImageError, match="1 to 4 channels and pixels"):
        edit(np.zeros(shape, np.uint8), gain=NEUTRAL)
