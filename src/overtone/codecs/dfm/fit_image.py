"""`overtone.fit`: one Deep Fourier Machine for one picture, as a function and not as a file."""

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from overtone.bitstream.container import Metadata
from overtone.codecs.base import EncodeOptions, ProgressCallback, resolve_num_threads
from overtone.codecs.dfm.config import DfmConfig, resolve
from overtone.codecs.dfm.encode import batched, fit_picture, picture_problems
from overtone.codecs.dfm.fit.network import chunk_steps, make_fitter
from overtone.codecs.dfm.network import OpenNetwork, open_network
from overtone.codecs.inputs import picture_of
from overtone.errors import ConfigError
from overtone.shapes import UInt8

PRESET = "single"
TRIAL_FRACTION = 0.05  # share of the seconds in which the speed is measured
MIN_TRIAL_CHUNKS = 2  # the first chunk warms up


def fit(
    image: object,
    *,
    width: int | None = None,
    depth: int | None = None,
    tile_px: int | None = None,
    steps: int | None = None,
    seconds: float | None = None,
    settings: Mapping[str, Any] | None = None,
    preset: str = PRESET,
    seed: int = 0,
    num_threads: int | None = None,
    progress: ProgressCallback | None = None,
) -> OpenNetwork:
    """Fits a Deep Fourier Machine to a picture and gives it back as a function of the position.

    By default one network for the whole picture, fitted with SOAP, with float32 weights. Ctrl-C
    stops it within a second. One network is fitted by one processor; tiles are fitted side by side.

    Args:
        image: An array of 8-bit pixels, `h w c` or `h w`, a Pillow image, or the path of a picture
            file.
        width: Width of the hidden layers, 1..10; 6 by default. A layer has 2^(width + 1)
            coefficients for each of its outputs.
        depth: Number of hidden layers, 1..64; 3 by default.
        tile_px: Side of tiles with a network each, about, at least 8; 0, one network, by default.
        steps: Optimiser steps; 2000 by default.
        seconds: Time to take, about, instead of steps: the speed is measured first. A fit that
            collapses is tried again and takes as long again.
        settings: Further settings by their dotted names, as of `overtone.encode` with codec `dfm`:
            {"fit.learning_rate": 1e-3}.
        preset: Preset of the codec `dfm` that all of this changes.
        seed: Seed for all randomness.
        num_threads: Tiles fitted at the same time; all processors by default.
        progress: Called now and then with the fraction done and a message; what it raises stops
            the fit.

    Returns:
        The network. Its `data` is the file that holds it, of codec `dfm`, which `overtone.decode`
        decodes and `overtone.open_network` opens again.

    Raises:
        ImageError: The array is no 8-bit picture.
        ConfigError: A setting is unknown or out of range, or both steps and seconds are given.
        FitError: The network learned nothing in several attempts.
    """
    pixels = picture_of(image).pixels
    if steps is not None and seconds is not None:
        raise ConfigError("give steps or seconds, not both")
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ConfigError(f"seconds must be over 0 and finite, got {seconds}")
    named = {"width": width, "depth": depth, "tile_px": tile_px, "steps": steps}
    given = {name: value for name, value in named.items() if value is not None}
    config = resolve(preset, "default", {**(settings or {}), **given})
    options = EncodeOptions(
        seed=seed, num_threads=resolve_num_threads(num_threads), progress=progress
    )
    if seconds is not None:
        num_steps = _steps_within(pixels, config, options, seconds)
        config = dataclasses.replace(
            config, fit=dataclasses.replace(config.fit, num_steps=num_steps)
        )
    data = fit_picture(pixels, config, options).to_bytes(Metadata())
    return open_network(data, num_threads=num_threads)


def _steps_within(
    image: UInt8[np.ndarray, "h w c"], config: DfmConfig, options: EncodeOptions, seconds: float
) -> int:
    """How many steps fit into the time, from the speed of the first ones on the first tile."""
    size = config.sizes[len(config.sizes) // 2]
    _, problems, _ = picture_problems(image, config, size, 0.0)
    settings = batched(config.fit, problems[0])
    fitter = make_fitter(problems[0], settings, options.seed)
    chunk = chunk_steps(problems[0], settings)
    spent, start = [], time.perf_counter()
    while len(spent) < MIN_TRIAL_CHUNKS or time.perf_counter() - start < TRIAL_FRACTION * seconds:
        before = time.perf_counter()
        fitter.run(chunk, "none", 0.0, 0.0)
        spent.append(time.perf_counter() - before)
        if options.progress is not None:
            options.progress(0.0, "measuring the speed")
    per_step = float(np.median(spent[1:])) / chunk
    rounds = -(-len(problems) // options.num_threads)
    left = seconds - (time.perf_counter() - start)
    return max(1, round(left / (per_step * rounds)))
