"""Sets of pictures given the colours and the spectrum of another set."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import scene

from overtone import edit
from overtone.editing.basis import radial_cycles
from overtone.editing.planes import luma, split
from overtone.editing.radial import ring_edges
from overtone.editing.set_match import LARGEST_GAIN, SetMatch, set_spectrum
from overtone.errors import ImageError

MIXING = np.array([[9.0, 3.0, 1.0], [2.0, 7.0, -2.0], [0.0, 2.0, 5.0]])


def noise_pictures(count, size, *, slope, mixing, mean, spread, seed):
    """Noise of a power-law spectrum, with correlated colours and scattered means; 16 bits."""
    rng = np.random.default_rng(seed)
    height, width = size
    cycles = max(size) * np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    cycles[0, 0] = np.inf
    pictures = []
    for _ in range(count):
        white = np.fft.fft2(rng.normal(size=(3, height, width)))
        grains = np.fft.ifft2(white * (4 * cycles**-slope)).real
        colours = np.tensordot(mixing, grains, 1)
        own = mean + spread * rng.normal(size=3)
        levels = 257 * (colours.transpose(1, 2, 0) + own)
        pictures.append(np.clip(np.rint(levels), 0, 65535).astype(np.uint16))
    return pictures


@pytest.fixture(scope="module")
def sets():
    own = noise_pictures(
        40,
        (20, 32),
        slope=1.2,
        mixing=9 * np.eye(3),
        mean=np.array([90, 120, 150]),
        spread=6,
        seed=1,
    )
    wanted = noise_pictures(
        30, (20, 32), slope=1.0, mixing=MIXING, mean=np.array([140, 110, 100]), spread=11, seed=2
    )
    return own, wanted


@pytest.mark.parametrize("domain", ["dct", "dft"])
def test_a_set_gets_mean_spread_and_covariance_at_each_frequency(sets, domain):
    own, wanted = sets
    reference = set_spectrum(wanted, domain)
    match = SetMatch(reference, set_spectrum(own, domain))
    reached = set_spectrum([edit(each, match=match, domain=domain) for each in own], domain)
    before = set_spectrum(own, domain)
    np.testing.assert_allclose(reached.mean, reference.mean, atol=0.5)
    np.testing.assert_allclose(reached.spread, reference.spread, atol=3)
    for has, asked, had in zip(reached.density, reference.density, before.density, strict=True):
        error = np.abs(has - asked).max() / np.abs(asked).max()
        assert error < 0.25  # a matrix is right at the middle of its ring only
        assert error < 0.5 * np.abs(had - asked).max() / np.abs(asked).max()


def test_a_set_keeps_its_differences_and_a_picture_alone_does_not(sets):
    own, wanted = sets
    reference = set_spectrum(wanted)
    together = SetMatch(reference, set_spectrum(own))
    means = np.array([[edit(each, match=match).mean((0, 1)) / 257 for each in own]
                      for match in (together, SetMatch(reference))])  # fmt: skip
    np.testing.assert_allclose(means[0].std(0), np.sqrt(np.diag(reference.spread)), rtol=0.03)
    np.testing.assert_allclose(means[1], np.broadcast_to(reference.mean, means[1].shape), atol=0.1)


@pytest.mark.parametrize("size", [(24, 40), (41, 23), (1, 9), (1, 1)])
def test_a_set_matched_to_itself_is_itself(size):
    pictures = [scene(*size, seed=seed) for seed in range(12)]
    spectrum = set_spectrum(pictures)
    for each in pictures:
        np.testing.assert_array_equal(edit(each, match=SetMatch(spectrum, spectrum)), each)


def test_what_a_blur_took_comes_back_up_to_the_largest_gain():
    sharp = noise_pictures(
        12, (24, 32), slope=1, mixing=20 * np.eye(3), mean=np.full(3, 120.0), spread=3, seed=3
    )
    faint = [edit(each, gain={"0-4": 0.5, "4-8": 0.25, "8-": 0.05}) for each in sharp]
    source, reference = set_spectrum(faint), set_spectrum(sharp)
    reached = set_spectrum([edit(each, match=SetMatch(reference, source)) for each in faint])
    shares = np.trace(reached.density, axis1=1, axis2=2) / np.trace(
        reference.density, axis1=1, axis2=2
    )
    np.testing.assert_allclose(shares[:2], 1, rtol=0.1)
    np.testing.assert_allclose(shares[-2:], (0.05 * LARGEST_GAIN) ** 2, rtol=0.2)


def test_alpha_stays_and_gray_pictures_get_the_brightness_of_colours(sets):
    own, wanted = sets
    match = SetMatch(set_spectrum(wanted), set_spectrum(own))
    picture = scene(20, 32, 4)
    changed = edit(picture, match=match)
    np.testing.assert_array_equal(changed[..., 3], picture[..., 3])
    colours = split(changed)[0] - split(edit(picture[..., :3], match=match))[0]
    np.testing.assert_array_equal(colours, np.zeros_like(colours))
    gray = scene(20, 32, 1)
    alone = edit(gray, match=SetMatch(match.reference))
    assert alone.shape == gray.shape
    assert alone.mean() == pytest.approx(luma(match.reference.mean[:, None, None])[0, 0, 0], abs=1)


def test_luma_alone_leaves_differences_of_colours(sets):
    own, wanted = sets
    match = SetMatch(set_spectrum(wanted), set_spectrum(own))
    picture = (own[0] // 2) + 20000
    before, after = (
        split(each)[0] for each in (picture, edit(picture, match=match, luma_only=True))
    )
    np.testing.assert_allclose(after[0] - after[2], before[0] - before[2], atol=0.01)
    assert np.abs(after[0] - before[0]).max() > 5


@pytest.mark.parametrize("domain", ["dct", "dft"])
def test_every_frequency_is_in_a_ring_whatever_the_longer_side(domain):
    for longer in range(2, 2049):
        for size in [(longer, 1), (2, longer)]:
            cycles = radial_cycles(size, domain)
            lowest = 0.5 if domain == "dct" else 1.0
            along = cycles[:, 0] if size[0] == longer else cycles[0]
            assert along[1] == pytest.approx(lowest, rel=1e-12)
            ring = np.digitize(cycles.ravel()[1:], ring_edges(cycles.max())) - 1
            assert ring.min() >= 0, (size, domain)
            assert ring.max() < len(ring_edges(cycles.max())) - 1, (size, domain)


@pytest.mark.parametrize("size", [(98, 60), (3, 196), (197, 2)])
def test_sizes_whose_lowest_frequency_was_rounded_below_the_first_ring(size):
    pictures = [scene(*size, seed=seed) for seed in range(2)]
    spectrum = set_spectrum(pictures)
    assert spectrum.cycles[0] >= 0.5
    np.testing.assert_array_equal(
        edit(pictures[0], match=SetMatch(spectrum, spectrum)), pictures[0]
    )


def test_a_set_without_pictures_is_refused():
    with pytest.raises(ImageError, match="needs a picture that can be read, got none"):
        set_spectrum([])
