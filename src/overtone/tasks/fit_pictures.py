"""Deep Fourier Machines for many pictures at once, on a card: files of the codec `dfm`."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from overtone.bitstream.container import Metadata
from overtone.codecs.base import ProgressCallback
from overtone.codecs.dfm.config import DfmConfig, rd_weight, resolve
from overtone.codecs.dfm.encode import (
    batched,
    picture_of_networks,
    picture_problems,
    size_of_quality,
)
from overtone.codecs.dfm.fit.network import (
    RESTART_RATE_WEIGHT,
    FittedNetwork,
    Problem,
    chunk_steps,
    diverged,
    has_collapsed,
    levels_of,
    log_steps_of,
    step_indices_of,
)
from overtone.codecs.dfm.fit.settings import MIN_LEARNING_RATE, FitSettings
from overtone.codecs.dfm.plan import check_limits
from overtone.codecs.inputs import picture_of
from overtone.errors import ConfigError, FitError
from overtone.models.compute import Device, matrix_products, torch_device
from overtone.tasks.dfm_batch_fitter import BatchFitter

# Bytes of the cosines and sines that a step keeps for its gradient, of networks fitted together.
MAX_KEPT_BYTES = {"cpu": 1 << 28, "cuda": 1 << 34}
_Advance = Callable[[int], None]


def fit_pictures(
    images: Sequence[object],
    *,
    preset: str = "thesis",
    quality: float = 50.0,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: Device = "auto",
    progress: ProgressCallback | None = None,
) -> list[bytes]:
    """Fits Deep Fourier Machines to many pictures at once; each gets a file of codec `dfm`.

    Networks of one shape for as many pixels are fitted together, so a card has enough to do. A
    picture's file is what `overtone.encode` with this codec makes on the processor, but for
    rounding, the order of pixels, and the size of the networks: the quality decides it, and no
    sizes are tried.

    Args:
        images: Arrays of 8-bit pixels, Pillow images or paths.
        preset: Preset of the codec `dfm`.
        quality: 1 to 100, for presets with quantised weights.
        settings: Further settings by their dotted names, as of `overtone.encode`.
        seed: Seed for all randomness.
        device: Where to fit; "auto" is a card where there is one.
        progress: Called now and then with the fraction done and a message; what it raises stops
            the fits.

    Raises:
        ConfigError: A setting is unknown or out of range, asks for several starts, or the device is
            not there.
        ImageError: An image is no 8-bit picture.
        FitError: A network learned nothing in several attempts.
    """
    if not 1 <= quality <= 100:
        raise ConfigError(f"quality must be in 1..100, got {quality:g}")
    config, where = resolve(preset, "default", settings), torch_device(device)
    if config.fit.num_starts > 1:
        raise ConfigError("fit.num_starts must be 1 here: pictures are fitted once, all together")
    size = config.sizes[size_of_quality(config, quality)]
    pictures = [picture_of(image).pixels for image in images]
    planned = [picture_problems(each, config, size, rd_weight(quality)) for each in pictures]
    jobs: list[_Job] = []
    for plan, problems, _ in planned:
        check_limits(plan)
        jobs += [_Job(p, seed * len(problems) + index) for index, p in enumerate(problems)]
    with matrix_products("float32"):
        fitted = iter(_fit_all(jobs, config, where, progress))
    return [
        picture_of_networks(plan, means, [next(fitted) for _ in problems], config).to_bytes(
            Metadata()
        )
        for plan, problems, means in planned
    ]


@dataclasses.dataclass(frozen=True)
class _Job:
    """One network to fit."""

    problem: Problem
    seed: int


def _fit_all(
    jobs: Sequence[_Job],
    config: DfmConfig,
    device: torch.device,
    progress: ProgressCallback | None,
) -> list[FittedNetwork]:
    """The networks of all jobs, in their order; those alike are fitted together."""
    groups: dict[Any, list[int]] = {}
    for number, job in enumerate(jobs):
        groups.setdefault((job.problem.spec, job.problem.positions.shape), []).append(number)
    found: dict[int, FittedNetwork] = {}
    steps_done = 0
    for numbers in groups.values():
        settings = batched(config.fit, jobs[numbers[0]].problem)
        most = _most_together(jobs[numbers[0]].problem, settings, device)
        for first in range(0, len(numbers), most):
            some = numbers[first : first + most]

            def advance(steps: int, count: int = len(some)) -> None:
                nonlocal steps_done
                steps_done = min(steps_done + steps * count, len(jobs) * config.fit.num_steps)
                if progress is not None:
                    share = steps_done / (len(jobs) * config.fit.num_steps)
                    progress(share, f"fitting {len(jobs)} networks, {count} together")

            fitted = fit_networks([jobs[n] for n in some], settings, device, advance)
            found |= dict(zip(some, fitted, strict=True))
    return [found[number] for number in range(len(jobs))]


def _most_together(problem: Problem, settings: FitSettings, device: torch.device) -> int:
    """How many networks a step may take, by what it keeps."""
    pixels = min(settings.batch_size, problem.positions.shape[1])
    kept = 4 * pixels * sum(2 * 2**layer.num_inputs for layer in problem.spec.layers)
    return max(1, MAX_KEPT_BYTES[device.type] // kept)


def fit_networks(
    jobs: Sequence[_Job], settings: FitSettings, device: torch.device, advance: _Advance
) -> list[FittedNetwork]:
    """Networks of one shape fitted together; those that collapse are tried again, gentler.

    Raises:
        FitError: A network collapsed or diverged in every attempt.
    """
    found: dict[int, FittedNetwork] = {}
    pending = list(range(len(jobs)))
    for restart in range(settings.max_restarts + 1):
        rate = max(MIN_LEARNING_RATE, settings.learning_rate * 0.5**restart)
        slower = dataclasses.replace(settings, learning_rate=rate)
        weight = RESTART_RATE_WEIGHT**restart
        eased = [
            dataclasses.replace(p, rate_weight=p.rate_weight * weight)
            for p in (jobs[number].problem for number in pending)
        ]
        seeds = [jobs[number].seed * 1000 + 100 * restart for number in pending]
        attempts = _attempt(eased, slower, seeds, device, advance)
        for number, (fitted, best_error) in zip(list(pending), attempts, strict=True):
            problem = jobs[number].problem
            if not has_collapsed(problem, fitted.mean_squared_error, best_error):
                found[number] = dataclasses.replace(fitted, num_restarts=restart)
                pending.remove(number)
        if not pending:
            return [found[number] for number in range(len(jobs))]
    raise FitError(
        f"{len(pending)} of {len(jobs)} networks learned nothing or diverged in "
        f"{settings.max_restarts + 1} attempts from learning rate {settings.learning_rate:g} down; "
        "try more steps, fewer hidden layers or a smaller fit.learning_rate"
    )


def _attempt(
    problems: Sequence[Problem],
    settings: FitSettings,
    seeds: Sequence[int],
    device: torch.device,
    advance: _Advance,
) -> list[tuple[FittedNetwork, float]]:
    """One fit of each: the network, and the least error of a chunk on the way."""
    fitter = BatchFitter(problems, settings, seeds=seeds, device=device)
    num_rounded = round(settings.num_steps * settings.round_fraction)
    if not settings.is_quantised:
        best = _run(fitter, problems, settings.num_steps, "none", 0.0, advance)
        weights = fitter.weights.cpu().numpy()
        errors = fitter.evaluate(fitter.weights).tolist()
        empty = np.zeros(weights.shape[1], np.int32)
        return [
            (_network(own, empty, empty[:0], error), least)
            if np.isfinite(own).all()
            else (diverged(problems[0])[0], np.inf)
            for own, error, least in zip(weights, errors, best, strict=True)
        ]
    ramp = settings.rate_ramp_fraction * settings.num_steps
    _run(fitter, problems, settings.num_steps - num_rounded, "noise", ramp, advance)
    pairs = zip(fitter.weights.cpu().numpy(), fitter.log_steps.cpu().numpy(), strict=True)
    indices = [step_indices_of(*pair) for pair in pairs]
    kept = [i if i is not None else np.zeros(fitter.num_groups, np.int32) for i in indices]
    fitter.log_steps = torch.from_numpy(np.stack([log_steps_of(i) for i in kept])).to(device)
    best = _run(fitter, problems, num_rounded, "round", 0.0, advance, is_last=True)
    return _coded(fitter, problems, indices, best)


def _coded(
    fitter: BatchFitter,
    problems: Sequence[Problem],
    indices: Sequence[np.ndarray | None],
    best: Sequence[float],
) -> list[tuple[FittedNetwork, float]]:
    """Quantised networks as they go into files, of weights that the last steps saw rounded."""
    weights = fitter.weights.cpu().numpy()
    coded = [
        None if own is None else levels_of(each, problem.groups, own)
        for each, problem, own in zip(weights, problems, indices, strict=True)
    ]
    seen = np.stack([np.zeros_like(weights[0]) if pair is None else pair[1] for pair in coded])
    errors = fitter.evaluate(torch.from_numpy(seen).to(fitter.device)).tolist()
    found = []
    for problem, pair, own, error, least in zip(
        problems, coded, indices, errors, best, strict=True
    ):
        if pair is None or own is None:
            found.append((diverged(problem)[0], np.inf))
        else:
            found.append((_network(pair[1], pair[0], own, error), least))
    return found


def _network(
    weights: np.ndarray, levels: np.ndarray, step_indices: np.ndarray, error: float
) -> FittedNetwork:
    return FittedNetwork(
        weights=weights, levels=levels, step_indices=step_indices, mean_squared_error=error
    )


def _run(
    fitter: BatchFitter,
    problems: Sequence[Problem],
    num_steps: int,
    quantiser: Any,
    ramp_steps: float,
    advance: _Advance,
    *,
    is_last: bool = False,
) -> list[float]:
    """Makes the steps in chunks; the least mean error of a chunk, of each network."""
    settings = fitter.settings
    weights = torch.tensor([p.rate_weight for p in problems], device=fitter.device)
    step_rate = 0.0 if is_last or quantiser == "none" else settings.step_learning_rate
    least = torch.full((len(problems),), torch.inf, device=fitter.device)
    chunk = chunk_steps(problems[0], settings)
    for start in range(0, num_steps, chunk):
        count = min(chunk, num_steps - start)
        ramp = min(1.0, start / ramp_steps) if ramp_steps else 1.0
        errors, _ = fitter.run(count, quantiser, ramp * weights, step_rate)
        least = torch.minimum(least, errors)
        advance(count)
    return least.tolist()
