"""The trainer: it learns, repeats itself, notices collapse and stops when told."""

import dataclasses

import numpy as np
import pytest
from helpers import scene

from overtone.codecs.dfm.fit.network import Problem, fit_network, has_collapsed, initial_weights
from overtone.codecs.dfm.fit.settings import FitSettings
from overtone.codecs.dfm.fit.tiles import fit_tiles
from overtone.errors import FitError
from overtone.kernels import fit_twin, fourier_twin
from overtone.kernels.fit import Descent, Fitter
from overtone.kernels.fourier import NetSpec

SPEC = NetSpec(input_scales=(0.5, 1.0), hidden=(3, 3), num_outputs=3)
QUICK = FitSettings(num_steps=150, batch_size=256)


def problem(height=24, width=40, rate_weight=1e-7, spec=SPEC) -> Problem:
    image = scene(height, width).astype(np.float32) / 255
    rows, columns = np.mgrid[:height, :width]
    positions = np.stack([(columns + 0.5) / width, (rows + 0.5) / height])
    targets = image.reshape(-1, 3).T
    groups = np.concatenate(
        [np.full(layer.size, i, np.int32) for i, layer in enumerate(spec.layers)]
    )
    return Problem(
        spec=spec,
        positions=positions.reshape(2, -1).astype(np.float32),
        targets=np.ascontiguousarray(targets - targets.mean(axis=1, keepdims=True)),
        groups=groups,
        rate_weight=rate_weight,
    )


def variance(task: Problem) -> float:
    return float(np.square(task.targets).mean())


@pytest.mark.parametrize("optimizer", ["adam", "soap"])
def test_a_short_fit_learns_most_of_a_small_picture(optimizer):
    task = problem()
    fitted = fit_network(task, dataclasses.replace(QUICK, optimizer=optimizer), seed=1)
    assert fitted.mean_squared_error < 0.3 * variance(task)


def test_soap_beats_adam_at_equal_steps():
    task = problem()
    errors = {
        name: fit_network(
            task, dataclasses.replace(QUICK, optimizer=name, is_quantised=False), seed=1
        ).mean_squared_error
        for name in ("adam", "soap")
    }
    assert errors["soap"] < errors["adam"]


def test_the_error_reported_is_that_of_the_quantised_weights():
    task = problem()
    fitted = fit_network(task, QUICK, seed=1)
    steps = np.exp2(-fitted.step_indices / 4)[task.groups]
    np.testing.assert_allclose(fitted.weights, fitted.levels * steps, rtol=1e-6)
    values = fourier_twin.forward(SPEC, fitted.weights.astype(np.float64), task.positions)
    error = np.square(values - task.targets).mean()
    assert error == pytest.approx(fitted.mean_squared_error, rel=1e-4)


def test_a_larger_rate_weight_makes_smaller_levels():
    bits = []
    for rate_weight in (1e-8, 1e-6, 1e-5):
        fitted = fit_network(problem(rate_weight=rate_weight), QUICK, seed=1)
        bits.append(np.log2(1 + np.abs(fitted.levels)).sum())
    assert bits[0] > bits[1] > bits[2]


def test_the_same_seed_gives_the_same_levels_whatever_the_number_of_threads():
    tasks = [problem(24, 40), problem(41, 23), problem(8, 8)]
    one = fit_tiles(tasks, QUICK, seed=3, num_threads=1)
    two = fit_tiles(tasks, QUICK, seed=3, num_threads=2)
    other = fit_tiles(tasks, QUICK, seed=4, num_threads=2)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.levels, b.levels)
        np.testing.assert_array_equal(a.step_indices, b.step_indices)
    assert any((a.levels != b.levels).any() for a, b in zip(one, other, strict=True))


def test_every_weight_that_matters_moves():
    task = problem()
    fitted = fit_network(task, dataclasses.replace(QUICK, num_steps=20, is_quantised=False), seed=1)
    start = initial_weights(SPEC, QUICK, 1000)
    dead = np.zeros(start.size, bool)  # the sine rows of k = 0 have no effect
    offset = 0
    for layer in SPEC.layers:
        first = offset + layer.size // 2
        dead[first : first + layer.num_outputs] = True
        offset += layer.size
    assert (fitted.weights != start)[~dead].all()


def test_a_fit_that_learned_nothing_is_a_collapse_where_there_was_something_to_learn():
    task = problem()
    assert has_collapsed(task, variance(task), variance(task))
    assert not has_collapsed(task, 0.3 * variance(task), 0.3 * variance(task))
    noise = np.random.default_rng(0).normal(0, 0.2, task.targets.shape).astype(np.float32)
    blind = dataclasses.replace(task, targets=noise)
    assert not has_collapsed(blind, variance(blind), variance(blind))


def test_a_fit_that_lost_what_it_had_is_a_collapse():
    task = problem()
    assert has_collapsed(task, 0.9 * variance(task), 0.1 * variance(task))
    assert has_collapsed(task, float("nan"), 0.1)


def test_hopeless_settings_end_in_a_fit_error():
    hopeless = dataclasses.replace(QUICK, learning_rate=1e-12, max_restarts=1)
    with pytest.raises(
        FitError, match=r"learned nothing or diverged in 2 attempts .* try more steps, fewer hidden"
    ):
        fit_network(problem(), hopeless, seed=0)


def test_an_interruption_stops_all_threads_and_is_passed_on():
    def report(fraction, fitted):
        raise KeyboardInterrupt

    long = dataclasses.replace(QUICK, num_steps=10**7)
    with pytest.raises(KeyboardInterrupt):
        fit_tiles([problem()] * 3, long, seed=0, num_threads=2, report=report)


def test_progress_rises_to_one():
    seen = []
    fit_tiles([problem()] * 3, QUICK, seed=0, num_threads=2, report=lambda f, _: seen.append(f))
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_weights_that_are_not_finite_are_refused():
    fitter = _one_fitter()
    bad = fitter.weights
    bad[3] = np.nan
    with pytest.raises(ValueError, match="finite"):
        fitter.weights = bad


@pytest.mark.parametrize("rate_weight", [0.0, 1e-5])
def test_steps_are_those_of_the_twin(rate_weight):
    task = problem()
    start = initial_weights(SPEC, dataclasses.replace(QUICK, init_std=0.3), 0).astype(np.float64)
    log_steps = np.log(np.linspace(0.004, 0.012, len(SPEC.layers)))
    descent = Descent(optimizer="adam", peak_rate=2e-3, total_steps=6)
    fitter = Fitter(
        SPEC,
        positions=task.positions,
        targets=task.targets,
        weights=start.astype(np.float32),
        groups=task.groups,
        log_steps=log_steps.astype(np.float32),
        descent=descent,
        seed=0,
    )
    error, bits = fitter.run(6, "round", rate_weight, 0.01)
    pixels = {"positions": task.positions, "targets": task.targets, "groups": task.groups}
    weights, steps, twin_error, twin_bits = fit_twin.run(
        SPEC,
        start,
        log_steps,
        descent,
        fit_twin.Task(rate_weight=rate_weight, **pixels),
        num_steps=6,
        step_rate=0.01,
    )
    assert fitter.steps_done == 6
    assert error == pytest.approx(twin_error, rel=1e-4)
    assert bits == pytest.approx(twin_bits, rel=1e-3)
    np.testing.assert_allclose(fitter.log_steps, steps, atol=2e-3)
    # A gradient near zero may have another sign in float32, and Adam makes much of signs.
    moved = np.abs(weights - start).mean()
    assert np.abs(fitter.weights - weights).mean() < 0.02 * moved


def test_the_bits_of_a_step_are_the_twins():
    fitter = _one_fitter(learning_rate=1e-12)  # nothing moves
    _, bits = fitter.run(1, "round", 1.0, 0.0)
    levels = np.rint(fitter.weights / np.exp(fitter.log_steps[0])).astype(np.float64)
    twin_bits, _ = fit_twin.interval_bits(levels, max(np.abs(levels).mean(), 0.05))
    assert bits == pytest.approx(twin_bits.sum(), rel=1e-4)


def test_the_slope_of_the_bits_is_that_of_differences():
    levels = np.array([-7.3, -0.6, -0.2, 0.1, 0.45, 2.0])
    for spread in (0.1, 1.0, 20.0):
        _, slopes = fit_twin.interval_bits(levels, spread)
        above, _ = fit_twin.interval_bits(levels + 1e-6, spread)
        below, _ = fit_twin.interval_bits(levels - 1e-6, spread)
        np.testing.assert_allclose(slopes, (above - below) / 2e-6, rtol=1e-4, atol=1e-6)


def _one_fitter(learning_rate=1e-3):
    task = problem()
    rng = np.random.default_rng(0)
    return Fitter(
        SPEC,
        positions=task.positions,
        targets=task.targets,
        weights=rng.normal(0, 0.05, SPEC.num_weights).astype(np.float32),
        groups=np.zeros(SPEC.num_weights, np.int32),
        log_steps=np.log(np.array([0.02], np.float32)),
        descent=Descent(optimizer="adam", batch_size=256, peak_rate=learning_rate, total_steps=100),
        seed=0,
    )
