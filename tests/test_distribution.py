"""Distances between sets of features: hand-computed Gaussians and slow twins of every formula."""

import numpy as np
import pytest

from overtone.metrics.distribution.features.base import Features
from overtone.metrics.distribution.frechet import frechet_distance
from overtone.metrics.distribution.inception_score import inception_score
from overtone.metrics.distribution.kernel import kernel_distance, squared_mmd
from overtone.metrics.distribution.neighbours import (
    neighbour_radii,
    neighbour_scores,
    squared_distances,
)
from overtone.metrics.distribution.registry import DISTRIBUTION_METRICS


def normal(count, dimension, seed, *, scale=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(dimension, dimension)) / np.sqrt(dimension)
    return (rng.normal(size=(count, dimension)) @ mixing * scale + shift).astype(np.float32)


def with_moments(count, mean, variances, seed):
    """Rows whose sample mean and (diagonal) covariance are exactly these."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, len(mean)))
    rows -= rows.mean(0)
    whiten = np.linalg.inv(np.linalg.cholesky(np.cov(rows.T))).T
    return rows @ whiten * np.sqrt(variances) + mean


# Fréchet distance ---------------------------------------------------------------------------------


def test_frechet_of_axis_aligned_gaussians_is_the_formula():
    x = with_moments(50, [0.0, 1.0, 2.0], [1.0, 4.0, 9.0], 1)
    y = with_moments(70, [3.0, 1.0, 0.0], [4.0, 4.0, 1.0], 2)
    # |mean difference|^2 = 9 + 0 + 4; (sd difference)^2 = 1 + 0 + 4
    found = frechet_distance(samples=x, reference=y)
    assert found == pytest.approx(18, abs=1e-9)  # float64 over a handful of terms


def test_frechet_of_turned_gaussians_is_the_formula():
    """Covariances that do not commute, against the eigenvalues of their product."""
    x, y = normal(400, 5, 1).astype(float), normal(300, 5, 2).astype(float)[:, ::-1]
    first, second = np.cov(x.T), np.cov(y.T)
    root = np.sqrt(np.linalg.eigvals(first @ second).real).sum()
    expected = np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(first + second) - 2 * root
    assert frechet_distance(samples=x, reference=y) == pytest.approx(expected, rel=1e-9)


def test_frechet_of_a_set_with_itself_is_zero_also_without_full_rank():
    few = normal(10, 40, 3)
    # Roots of eigenvalues that should vanish: 30 times the root of float64's rounding.
    assert frechet_distance(samples=few, reference=few) < 1e-5


def test_frechet_is_the_nuclear_norm_of_factors():
    """Another way to the root: singular values of a product of factors of the covariances."""
    x, y = normal(60, 16, 4), normal(50, 16, 5, scale=1.3, shift=0.2)

    def factor(rows):
        variances, axes = np.linalg.eigh(np.cov(rows.T.astype(float)))
        return axes * np.sqrt(np.maximum(variances, 0))

    first, second = factor(x), factor(y)
    overlap = np.linalg.svd(first.T @ second, compute_uv=False).sum()
    shift = np.sum((x.mean(0, dtype=float) - y.mean(0, dtype=float)) ** 2)
    expected = shift + (first**2).sum() + (second**2).sum() - 2 * overlap
    # Roots of eigenvalues lose half of the digits of float64 where these are small.
    assert frechet_distance(samples=x, reference=y) == pytest.approx(expected, rel=1e-6)


def test_frechet_does_not_care_which_set_is_which_nor_for_rotations():
    x, y = normal(100, 6, 6), normal(80, 6, 7, shift=0.5)
    turn = np.linalg.qr(np.random.default_rng(8).normal(size=(6, 6)))[0]
    found = frechet_distance(samples=x, reference=y)
    assert frechet_distance(samples=y, reference=x) == pytest.approx(found, rel=1e-6)
    assert frechet_distance(samples=x @ turn, reference=y @ turn) == pytest.approx(found, rel=1e-5)


def test_one_row_has_no_covariance():
    with pytest.raises(ValueError, match="at least 2 rows"):
        frechet_distance(samples=normal(1, 3, 0), reference=normal(5, 3, 0))


# Kernel distance ----------------------------------------------------------------------------------


def test_squared_mmd_is_the_sum_over_pairs():
    x, y = normal(6, 3, 1).astype(float), normal(6, 3, 2).astype(float)

    def kernel(a, b):
        return (float(a @ b) / 3 + 1) ** 3

    within_x = np.mean([kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    within_y = np.mean([kernel(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    between = np.mean([kernel(a, b) for a in x for b in y])
    found = squared_mmd(samples=x, reference=y)
    assert found == pytest.approx(within_x + within_y - 2 * between, rel=1e-12)


def test_sets_of_different_counts_have_no_mmd_here():
    with pytest.raises(ValueError, match="equally many rows, at least 2, got 4 and 5"):
        squared_mmd(samples=normal(4, 2, 0), reference=normal(5, 2, 0))


def test_the_kernel_distance_is_unbiased_and_its_error_honest():
    """Over many draws of equal distributions: mean zero, scatter as announced."""
    found = [
        kernel_distance(
            samples=normal(200, 4, 2 * seed),
            reference=normal(200, 4, 2 * seed + 1),
            rng=np.random.default_rng(seed),
        )
        for seed in range(100)
    ]
    values = np.array([each.value for each in found])
    errors = np.array([each.error for each in found])
    assert abs(values.mean()) < 4 * values.std() / 10  # four standard errors of 100 draws
    assert 0.75 < np.sqrt(np.mean(errors**2)) / values.std() < 1.33  # 100 draws: 7 % at one sigma


def test_the_kernel_distance_sees_a_shift_and_is_repeatable():
    x, y = normal(300, 4, 1), normal(250, 4, 2, shift=0.5)

    def measured():
        return kernel_distance(samples=x, reference=y, rng=np.random.default_rng(3))

    assert measured() == measured()
    assert measured().value > 3 * (measured().error or 0)


def test_too_few_rows_for_subsets_are_refused():
    with pytest.raises(ValueError, match="at least 20 rows, got 19"):
        kernel_distance(
            samples=normal(19, 2, 0), reference=normal(50, 2, 1), rng=np.random.default_rng(0)
        )


# Inception score ----------------------------------------------------------------------------------


def test_sure_and_varied_classes_score_their_number():
    found = inception_score(np.eye(4)[np.arange(400) % 4], rng=np.random.default_rng(0))
    assert found.value == pytest.approx(4, rel=0.05)  # splits of 40 are not exactly even
    assert inception_score(
        np.eye(4)[np.arange(8) % 4], rng=np.random.default_rng(0), num_splits=1
    ).value == pytest.approx(4, rel=1e-12)


@pytest.mark.parametrize("row", [[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]])
def test_one_answer_for_all_scores_one(row):
    found = inception_score(np.tile(row, (50, 1)), rng=np.random.default_rng(0))
    assert (found.value, found.error) == (pytest.approx(1), pytest.approx(0, abs=1e-12))


def test_the_score_agrees_with_a_loop():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(5), 30)
    found = inception_score(probabilities, rng=np.random.default_rng(0), num_splits=1)
    mean = probabilities.mean(0)
    total = sum(p * np.log(p / q) for row in probabilities for p, q in zip(row, mean, strict=True))
    assert found.value == pytest.approx(np.exp(total / 30), rel=1e-12)


def test_fewer_rows_than_splits_are_refused():
    with pytest.raises(ValueError, match="10 splits"):
        inception_score(np.ones((9, 2)) / 2, rng=np.random.default_rng(0))


# Neighbours ---------------------------------------------------------------------------------------


def slow_scores(samples, reference):
    """Both papers' formulas, a pair at a time."""

    def distance(a, b):
        return np.sqrt(np.sum((a.astype(float) - b.astype(float)) ** 2))

    def radius(points, index, k):
        others = [p for number, p in enumerate(points) if number != index]
        return sorted(distance(points[index], other) for other in others)[k - 1]

    def in_manifold(point, points, k):
        return any(distance(point, p) <= radius(points, i, k) for i, p in enumerate(points))

    inside = np.array(
        [
            [distance(s, r) <= radius(reference, i, 5) for s in samples]
            for i, r in enumerate(reference)
        ]
    )
    return (
        np.mean([in_manifold(s, reference, 3) for s in samples]),
        np.mean([in_manifold(r, samples, 3) for r in reference]),
        inside.sum() / (5 * len(samples)),
        inside.any(1).mean(),
    )


@pytest.mark.parametrize(("seed", "shift"), [(1, 0.0), (2, 0.4), (3, 1.0)])
def test_neighbour_scores_agree_with_the_formulas(seed, shift):
    samples, reference = normal(23, 3, seed, shift=shift), normal(31, 3, seed + 50)
    found = neighbour_scores(samples=samples, reference=reference)
    expected = slow_scores(samples, reference)
    assert (found.precision, found.recall, found.density, found.coverage) == pytest.approx(expected)


def test_radii_do_not_depend_on_the_chunks(monkeypatch):
    points = normal(40, 3, 4).astype(float)
    whole = neighbour_radii(points, (1, 3))
    monkeypatch.setattr("overtone.metrics.distribution.neighbours.CHUNK_ROWS", 7)
    for found, expected in zip(neighbour_radii(points, (1, 3)), whole, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_distances_of_pairs():
    x, y = normal(4, 3, 1).astype(float), normal(5, 3, 2).astype(float)
    expected = ((x[:, None] - y[None]) ** 2).sum(2)
    np.testing.assert_allclose(squared_distances(x, y), expected, atol=1e-12)


def test_a_missing_mode_costs_recall_and_coverage_only():
    reference = np.concatenate([normal(60, 4, 1), normal(60, 4, 2, shift=20.0)])
    found = neighbour_scores(samples=normal(60, 4, 3), reference=reference)
    assert found.precision > 0.8
    assert found.recall < 0.55
    assert found.coverage < 0.55


def test_bad_samples_cost_precision_and_density_only():
    samples = np.concatenate([normal(60, 4, 1), normal(60, 4, 2, shift=20.0)])
    found = neighbour_scores(samples=samples, reference=normal(60, 4, 3))
    assert found.precision < 0.55
    assert found.density < 0.8
    assert found.recall > 0.8


def test_too_few_points_have_no_neighbours():
    with pytest.raises(ValueError, match="at least 6 rows"):
        neighbour_scores(samples=normal(5, 2, 0), reference=normal(9, 2, 0))


# The table ----------------------------------------------------------------------------------------


def features(count, seed, *, shift=0.0):
    logits = normal(count, 6, seed + 7, scale=2.0)
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    pooled = normal(count, 8, seed, shift=shift)
    return Features(pooled, probabilities.astype(np.float32), normal(count, 5, seed, shift=shift))


@pytest.mark.parametrize("metric", DISTRIBUTION_METRICS, ids=lambda metric: metric.names[0])
def test_metrics_of_the_table_keep_their_contract(metric):
    reference = features(150, 1)

    def measured(shift):
        return metric.measure(
            samples=features(120, 2, shift=shift), reference=reference, rng=np.random.default_rng(0)
        )

    near, far = measured(0.0), measured(3.0)
    assert near == measured(0.0)
    assert len(near) == len(metric.names) == len(metric.titles)
    for first, second in zip(near, far, strict=True):
        assert (first.error is not None) == bool(metric.error)
        if metric.names != ("inception_score",):  # the classes did not change
            assert (first.value > second.value) == metric.higher_is_better


def test_names_of_the_table_are_unique():
    names = [name for metric in DISTRIBUTION_METRICS for name in metric.names]
    assert len(set(names)) == len(names)
