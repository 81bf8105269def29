"""Fitting a sine network to a picture with Adam."""

import concurrent.futures
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from overtone.codecs.coin.config import CoinConfig
from overtone.codecs.coin.siren import (
    Shape,
    Weights,
    from_flat,
    grid,
    loss_gradient,
    pixel_centres,
    start,
    to_flat,
)
from overtone.deadline import check_time
from overtone.errors import FitError
from overtone.shapes import UInt8

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Adam's, as published
WARMUP = 0.02  # share of the steps in which the rate of the schedule "cosine" rises
REPORT_S = 0.2  # between two reports
START_S = 0.01  # how long the first task keeps a thread, so that the next one gets another
LARGEST = float(np.finfo(np.float16).max)

Report = Callable[[float, str], None]


def fit_siren(
    image: UInt8[np.ndarray, "h w c"],
    shape: Shape,
    config: CoinConfig,
    *,
    seed: int,
    num_threads: int,
    report: Report,
) -> Weights:
    """The network after the steps of `config`.

    Args:
        image: What to fit.
        shape: Sizes of the network.
        config: Steps, rate and batches.
        seed: Seed of start and batches.
        num_threads: Parts of a batch at the same time; the result does not depend on it.
        report: Called now and then with the share of the steps made and the PSNR of the batch.

    Raises:
        FitError: The fit diverged.
    """
    rng = np.random.default_rng(seed)
    height, width, channels = image.shape
    positions = grid(pixel_centres(width), pixel_centres(height))
    colours = (image.reshape(-1, channels) / 255).astype(np.float32)
    flat = to_flat(start(shape, rng))
    first, second = np.zeros_like(flat), np.zeros_like(flat)
    batch = config.batch_px if 0 < config.batch_px < len(positions) else None
    last = -math.inf
    with concurrent.futures.ThreadPoolExecutor(max_workers=num_threads) as pool:
        each = _on_threads(pool, num_threads)
        for step in range(1, config.steps + 1):
            check_time()
            chosen = slice(None) if batch is None else rng.integers(0, len(positions), batch)
            error, gradient = loss_gradient(
                from_flat(flat, shape), positions[chosen], colours[chosen], each
            )
            first += np.float32(1 - BETA1) * (gradient - first)
            second += np.float32(1 - BETA2) * (np.square(gradient) - second)
            size = _rate(config, step) / (1 - BETA1**step)
            spread = np.sqrt(second / np.float32(1 - BETA2**step)) + np.float32(EPSILON)
            flat -= np.float32(size) * first / spread
            if time.monotonic() - last > REPORT_S or step == config.steps:
                last = time.monotonic()
                psnr = -10 * math.log10(max(error, 1e-10)) if math.isfinite(error) else 0.0
                report(step / config.steps, f"{16 * flat.size // 8} bytes, {psnr:.2f} dB")
    if not (np.abs(flat) <= LARGEST).all():  # not a number is not
        raise FitError("the network diverged; give a smaller learning_rate")
    return from_flat(flat, shape)


def _on_threads(pool: concurrent.futures.Executor, num_threads: int) -> Callable[..., Any]:
    """The pool's `map` once all of its threads have begun; `map` where the system grants fewer."""
    try:
        list(pool.map(time.sleep, [START_S] * num_threads))
    except (RuntimeError, MemoryError):
        return map
    return pool.map


def _rate(config: CoinConfig, step: int) -> float:
    if config.schedule == "constant":
        return config.learning_rate
    done = step / config.steps
    return config.learning_rate * min(1.0, done / WARMUP) * (1 + math.cos(math.pi * done)) / 2
