"""What every metric in the table promises; a new one is tested by being in the table."""

import numpy as np
import pytest

from overtone.metrics import METRICS

SHAPES = [(16, 40, 3), (41, 23, 1), (180, 200, 4)]


@pytest.fixture(params=sorted(METRICS))
def metric(request):
    return METRICS[request.param]


def picture(shape):
    rng = np.random.default_rng(7)
    rows, columns = np.indices(shape[:2])
    ramp = 100 + 60 * np.sin(rows / 5)[..., None] + 40 * np.cos(columns / 7)[..., None]
    return np.clip(ramp + rng.normal(0, 8, shape), 0, 255).astype(np.uint8)


def noisy(image, std):
    noise = np.random.default_rng(1).normal(0, std, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def test_the_table_is_keyed_by_name(metric):
    assert METRICS[metric.name] is metric


def test_the_unit_is_in_the_name(metric):
    assert not metric.unit or metric.name.endswith("_" + metric.unit.lower())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equal_pictures_score_best(metric, shape):
    image = picture(shape)
    assert metric.fn(reference=image, reconstruction=image.copy()) == pytest.approx(metric.best)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_more_noise_is_worse(metric, shape):
    image = picture(shape)
    scores = [metric.fn(reference=image, reconstruction=noisy(image, std)) for std in (2, 8, 30)]
    assert scores == sorted(scores, reverse=metric.higher_is_better)
    assert len(set(scores)) == 3


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_mirrored_pair_scores_the_same(metric, shape):
    image = picture(shape)
    other = noisy(image, 10)
    score = metric.fn(reference=image, reconstruction=other)
    mirrored = metric.fn(reference=image[::-1, ::-1], reconstruction=other[::-1, ::-1])
    # Odd sides halve from the other end, so only nearly the same.
    assert mirrored == pytest.approx(score, rel=0.01)


def test_pictures_are_not_changed(metric):
    image = picture((20, 31, 3))
    kept = image.copy()
    metric.fn(reference=image, reconstruction=noisy(image, 5))
    assert np.array_equal(image, kept)
