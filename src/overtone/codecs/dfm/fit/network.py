"""Fitting one network to the pixels of one tile."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from overtone.codecs.dfm.fit.settings import MIN_LEARNING_RATE, FitSettings
from overtone.errors import FitError
from overtone.kernels.fit import Descent, Fitter, Quantiser
from overtone.kernels.fourier import NetSpec
from overtone.shapes import Float32, Int32

STEPS_PER_OCTAVE = 4  # a final quantiser step is 2 ** (-index / STEPS_PER_OCTAVE)
CHUNK_STEPS = 50  # between two looks at progress and interruption, or fewer,
CHUNK_WORK = 1 << 33  # so that a chunk takes no more than a second: weights times pixels
PUBLISHED_STD = 2e-10**0.5  # thesis: "variance 2e-10"

_MIN_GAIN = 0.98  # error over variance above which a network has learned nothing
_SMOOTH_GAIN = 0.9  # the same for the smooth least-squares fit that shows there was a lot to learn
RESTART_RATE_WEIGHT = 0.25  # an attempt more weighs bits by so much less: bits can crush a start
_MAX_OCTAVES = 60  # of a quantiser step away from 1; sensible ones are within 20
_MAX_LEVEL = 2**30  # fits int32
_DROP = 4.0  # final error over the best error on the way: training fell apart

Tick = Callable[[int], None]  # told the steps just made; may raise to stop


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What to fit.

    Attributes:
        spec: The network.
        positions: Positions of the pixels, (axes, pixels).
        targets: Their values, (outputs, pixels); in a quantised file of linear outputs they are
            differences from the tile's mean colour.
        groups: For every weight the group that shares its quantiser step; -1 for dead weights.
        rate_weight: Loss per bit: the loss is mean squared error + rate_weight * bits.
    """

    spec: NetSpec
    positions: Float32[np.ndarray, "axes n"]
    targets: Float32[np.ndarray, "outputs n"]
    groups: Int32[np.ndarray, " weights"]
    rate_weight: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FittedNetwork:
    """A network as it goes into a file.

    Attributes:
        weights: As a decoder will see them.
        levels: Integer weights; all zero when the fit was not quantised.
        step_indices: Index of each group's quantiser step, 2 ** (-index / STEPS_PER_OCTAVE).
        mean_squared_error: Over all pixels, in units of the targets.
        num_restarts: Collapsed attempts before this one.
    """

    weights: Float32[np.ndarray, " weights"]
    levels: Int32[np.ndarray, " weights"]
    step_indices: Int32[np.ndarray, " groups"]
    mean_squared_error: float
    num_restarts: int = 0


def fit_network(
    problem: Problem, settings: FitSettings, *, seed: int, tick: Tick = lambda steps: None
) -> FittedNetwork:
    """The best of several starts, fitted in full; tried again when it collapses.

    Raises:
        FitError: Every attempt collapsed or diverged.
    """
    seeds = [seed * 1000 + start for start in range(settings.num_starts)]
    if len(seeds) > 1:
        short = dataclasses.replace(
            settings, num_steps=max(1, round(settings.num_steps * settings.start_fraction))
        )
        losses = [_attempt(problem, short, start, tick)[1] for start in seeds]
        seeds = [seeds[int(np.argmin(losses))]]
    for restart in range(settings.max_restarts + 1):
        rate = max(MIN_LEARNING_RATE, settings.learning_rate * 0.5**restart)
        slower = dataclasses.replace(settings, learning_rate=rate)
        eased = dataclasses.replace(
            problem, rate_weight=problem.rate_weight * RESTART_RATE_WEIGHT**restart
        )
        fitted, _, best_error = _attempt(eased, slower, seeds[0] + 100 * restart, tick)
        if not has_collapsed(problem, fitted.mean_squared_error, best_error):
            return dataclasses.replace(fitted, num_restarts=restart)
    raise FitError(
        f"the network learned nothing or diverged in {settings.max_restarts + 1} attempts from "
        f"learning rate {settings.learning_rate:g} down; try more steps, fewer hidden layers or a "
        "smaller fit.learning_rate"
    )


def has_collapsed(problem: Problem, error: float, best_error: float) -> bool:
    """Whether a fit learned nothing where a smooth fit learns a lot, or lost what it had learned.

    With the rate in the loss, an empty network may be the best one for a flat or noisy tile; so
    being no better than the mean colour is a collapse only where little would have been enough.
    """
    centred = problem.targets - problem.targets.mean(axis=1, keepdims=True)
    variance = float(np.square(centred, dtype=np.float64).mean())
    floor = (1 / 255) ** 2
    if not np.isfinite(error) or error > _DROP * best_error + floor:
        return True
    if variance <= floor or error < _MIN_GAIN * variance:
        return False
    x, y = 2 * np.pi * problem.positions.astype(np.float64)
    basis = np.stack([f(a / 2) for f in (np.cos, np.sin) for a in (x, y, x + y, x - y)])
    coefficients, *_ = np.linalg.lstsq(basis.T, centred.T.astype(np.float64), rcond=None)
    smooth_error = float(np.square(centred.T - basis.T @ coefficients).mean())
    gain = variance - smooth_error
    worth_the_bits = gain > 100 * problem.rate_weight * problem.positions.shape[0]
    return smooth_error < _SMOOTH_GAIN * variance and worth_the_bits


def initial_weights(
    spec: NetSpec, settings: FitSettings, seed: int
) -> Float32[np.ndarray, " weights"]:
    """Normal weights of the scale that `settings.init` names."""
    rng = np.random.default_rng(seed)
    parts = []
    for layer in spec.layers:
        std = PUBLISHED_STD
        if settings.init == "scaled":
            std = settings.init_std / np.sqrt(layer.size / layer.num_outputs)
        parts.append(std * rng.standard_normal(layer.size))
    return np.concatenate(parts).astype(np.float32)


def _attempt(
    problem: Problem, settings: FitSettings, seed: int, tick: Tick
) -> tuple[FittedNetwork, float, float]:
    """One fit: the network, its loss, and the least error of any chunk on the way.

    The error of a fit that diverged, to weights no file can hold, is infinite.
    """
    fitter = make_fitter(problem, settings, seed)
    run = functools.partial(_run, fitter, problem, tick, chunk_steps(problem, settings))
    num_rounded = round(settings.num_steps * settings.round_fraction)
    if not settings.is_quantised:
        best_error, _ = run(settings.num_steps, "none")
        weights = fitter.weights
        if not np.isfinite(weights).all():
            return diverged(problem)
        error = fitter.evaluate(weights)
        empty = np.zeros(weights.size, np.int32)
        fitted = FittedNetwork(
            weights=weights, levels=empty, step_indices=empty[:0], mean_squared_error=error
        )
        return fitted, error, best_error
    rate = settings.step_learning_rate
    ramp_steps = settings.rate_ramp_fraction * settings.num_steps
    run(settings.num_steps - num_rounded, "noise", step_rate=rate, ramp_steps=ramp_steps)
    indices = step_indices_of(fitter.weights, fitter.log_steps)
    if indices is None:
        return diverged(problem)
    fitter.log_steps = log_steps_of(indices)
    best_error, bits = run(num_rounded, "round")
    coded = levels_of(fitter.weights, problem.groups, indices)
    if coded is None:
        return diverged(problem)
    levels, weights = coded
    error = fitter.evaluate(weights)
    fitted = FittedNetwork(
        weights=weights, levels=levels, step_indices=indices, mean_squared_error=error
    )
    return fitted, error + problem.rate_weight * bits, best_error


def step_indices_of(
    weights: Float32[np.ndarray, " weights"], log_steps: Float32[np.ndarray, " groups"]
) -> Int32[np.ndarray, " groups"] | None:
    """Quantiser steps of a file that are nearest to learned ones; None of a fit that diverged."""
    octaves = -log_steps.astype(np.float64) / np.log(2)
    if not (np.isfinite(weights).all() and (np.abs(octaves) <= _MAX_OCTAVES).all()):
        return None
    return np.rint(octaves * STEPS_PER_OCTAVE).astype(np.int32)


def log_steps_of(indices: Int32[np.ndarray, " groups"]) -> Float32[np.ndarray, " groups"]:
    """Natural logarithms of the steps with these indices."""
    return np.log(np.exp2(-indices / STEPS_PER_OCTAVE)).astype(np.float32)


def levels_of(
    weights: Float32[np.ndarray, " weights"],
    groups: Int32[np.ndarray, " weights"],
    indices: Int32[np.ndarray, " groups"],
) -> tuple[Int32[np.ndarray, " weights"], Float32[np.ndarray, " weights"]] | None:
    """Integers for a file, and the weights they stand for; None where no file holds them."""
    steps = np.exp2(-indices / STEPS_PER_OCTAVE)
    step_of = np.where(groups >= 0, steps[groups], 1.0)
    quotients = np.rint(np.where(groups >= 0, weights / step_of, 0))
    if not (np.abs(quotients) <= _MAX_LEVEL).all():
        return None
    levels = quotients.astype(np.int32)
    return levels, (levels * step_of).astype(np.float32)


def diverged(problem: Problem) -> tuple[FittedNetwork, float, float]:
    """What an attempt gives whose weights have left all bounds."""
    num_weights, num_groups = problem.spec.num_weights, int(problem.groups.max()) + 1
    empty = FittedNetwork(
        weights=np.zeros(num_weights, np.float32),
        levels=np.zeros(num_weights, np.int32),
        step_indices=np.zeros(num_groups, np.int32),
        mean_squared_error=np.inf,
    )
    return empty, np.inf, np.inf


def chunk_steps(problem: Problem, settings: FitSettings) -> int:
    """Steps between two looks at progress: about a second's for a large network."""
    work = problem.spec.num_weights * min(settings.batch_size, problem.positions.shape[1])
    return max(1, min(CHUNK_STEPS, CHUNK_WORK // work))


def _run(
    fitter: Fitter,
    problem: Problem,
    tick: Tick,
    chunk: int,
    num_steps: int,
    quantiser: Quantiser,
    step_rate: float = 0.0,
    ramp_steps: float = 0.0,
) -> tuple[float, float]:
    """Make the steps in chunks; the least mean error of a chunk, and the bits of the last."""
    least, bits = np.inf, 0.0
    for start in range(0, num_steps, chunk):
        count = min(chunk, num_steps - start)
        ramp = min(1.0, start / ramp_steps) if ramp_steps else 1.0
        error, bits = fitter.run(count, quantiser, ramp * problem.rate_weight, step_rate)
        least = min(least, error)
        tick(count)
    return least, bits


def make_fitter(problem: Problem, settings: FitSettings, seed: int) -> Fitter:
    """The native trainer of a problem, at its initial weights."""
    spec = problem.spec
    weights = initial_weights(spec, settings, seed)
    weights[problem.groups < 0] = 0
    num_groups = int(problem.groups.max()) + 1
    descent = Descent(
        optimizer=settings.optimizer,
        beta1=settings.beta1,
        beta2=settings.beta2,
        refresh_every=settings.basis_refresh_steps,
        clip_factor=settings.clip_factor,
        batch_size=settings.batch_size,
        peak_rate=settings.learning_rate,
        warmup_steps=round(settings.warmup_fraction * settings.num_steps),
        total_steps=settings.num_steps,
        schedule=settings.schedule,
    )
    return Fitter(
        spec,
        positions=problem.positions,
        targets=problem.targets,
        weights=weights,
        groups=problem.groups,
        log_steps=np.full(num_groups, np.log(settings.first_step), np.float32),
        descent=descent,
        seed=seed,
    )
