"""Many Deep Fourier Machines fitted at once in PyTorch: what the native fitter finds."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
import torch

import overtone
from overtone.codecs.dfm.config import resolve
from overtone.codecs.dfm.encode import batched, picture_problems
from overtone.codecs.dfm.fit.network import make_fitter
from overtone.errors import ConfigError, FitError
from overtone.tasks import fit_pictures as module
from overtone.tasks.dfm_batch_fitter import BatchFitter
from overtone.tasks.fit_pictures import fit_pictures

CPU = torch.device("cpu")
SMALL = {"width": 3, "depth": 2}


def scene(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = np.cos(2 * np.pi * (rng.random(channels) + x[..., None] + y[..., None]))
    return np.clip(127 + 90 * waves + rng.normal(0, 3, waves.shape), 0, 255).astype(np.uint8)


def psnr_db(first: np.ndarray, second: np.ndarray) -> float:
    error = np.square(first.astype(float) - second).mean()
    return float(10 * np.log10(255**2 / error))


@pytest.mark.parametrize("quantiser", ["none", "round"])
@pytest.mark.parametrize(("optimizer", "rounding"), [("adam", 1e-4), ("soap", 0.1)])
def test_steps_are_those_of_the_native_fitter(optimizer, rounding, quantiser):
    """On all pixels, where nothing is drawn but the initial weights.

    SOAP turns directions in which a first gradient says nothing as rounding has it, and then takes
    whole steps along them: its weights differ, its errors nearly agree.
    """
    preset = "deep" if quantiser == "round" else "single"
    changes = {**SMALL, "fit.optimizer": optimizer, "fit.batch_size": 4096, "steps": 60}
    config = resolve(preset, "default", changes)
    config = dataclasses.replace(config, fit=dataclasses.replace(config.fit, init_std=0.3))
    pictures = [scene(20, 31, seed=seed) for seed in range(3)]
    problems = [picture_problems(each, config, config.sizes[0], 1e-3)[1][0] for each in pictures]
    settings = batched(config.fit, problems[0])
    settings = dataclasses.replace(settings, batch_size=4096)
    batch = BatchFitter(problems, settings, seeds=[4, 5, 6], device=CPU)
    weights = torch.tensor([problem.rate_weight for problem in problems])
    errors, bits = batch.run(12, quantiser, weights, 1e-2)
    for number, problem in enumerate(problems):
        fitter = make_fitter(problem, settings, 4 + number)
        error, own_bits = fitter.run(12, quantiser, problem.rate_weight, 1e-2)
        assert float(errors[number]) == pytest.approx(error, rel=rounding)
        assert float(bits[number]) == pytest.approx(own_bits, rel=2 * rounding)
        if optimizer == "soap":
            continue
        np.testing.assert_allclose(batch.weights[number], fitter.weights, atol=3e-4)
        np.testing.assert_allclose(batch.log_steps[number], fitter.log_steps, atol=2e-3)
        found = batch.evaluate(batch.weights)[number]
        assert float(found) == pytest.approx(fitter.evaluate(fitter.weights), rel=1e-3)


def test_files_are_those_of_the_codec():
    pictures = [scene(24, 33), scene(24, 33, seed=1), scene(40, 17)]
    settings = {**SMALL, "steps": 300, "fit.learning_rate": 5e-3}
    files = fit_pictures(pictures, preset="single", settings=settings, device="cpu")
    for picture, data in zip(pictures, files, strict=True):
        other = overtone.encode(picture, codec="dfm", preset="single", settings=settings)
        assert len(data) == len(other)
        scores = [psnr_db(overtone.decode(each), picture) for each in (data, other)]
        assert abs(scores[0] - scores[1]) < 1, scores
        assert min(scores) > 30


def test_quantised_networks_of_tiles_are_stored_as_the_codec_stores_them():
    pictures = [scene(24, 40), scene(24, 40, channels=1)]
    settings = {**SMALL, "tile_px": 16, "steps": 120}
    files = fit_pictures(pictures, preset="deep", settings=settings, quality=60, device="cpu")
    for picture, data in zip(pictures, files, strict=True):
        network = overtone.open_network(data)
        assert (network.kind, network.columns, network.rows) == ("quantised", 2, 2)
        assert psnr_db(overtone.decode(data).reshape(picture.shape), picture) > 18


def test_a_few_at_a_time_are_fitted_as_all_together(monkeypatch):
    pictures = [scene(16, 20, seed=seed) for seed in range(3)]
    settings = {**SMALL, "steps": 60, "fit.optimizer": "adam", "fit.learning_rate": 2e-2}
    fit = functools.partial(fit_pictures, pictures, preset="single", settings=settings)
    told: list[float] = []

    def report(fraction: float, message: str) -> None:
        assert "networks" in message
        told.append(fraction)

    together = fit(device="cpu", progress=report)
    assert told == sorted(told)
    assert told[-1] == 1
    monkeypatch.setitem(module.MAX_KEPT_BYTES, "cpu", 1)
    apart = fit(device="cpu")
    for picture, first, second in zip(pictures, together, apart, strict=True):
        scores = [psnr_db(overtone.decode(each), picture) for each in (first, second)]
        assert abs(scores[0] - scores[1]) < 2, scores  # the order of pixels differs
        assert min(scores) > 15


def test_networks_that_learn_nothing_are_tried_again_and_then_told():
    settings = {**SMALL, "steps": 2, "fit.learning_rate": 1e-6, "fit.max_restarts": 1}
    with pytest.raises(FitError, match=r"1 of 1 networks learned nothing .* in 2 attempts"):
        fit_pictures([scene(16, 20)], preset="single", settings=settings, device="cpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"settings": {"fit.num_starts": 2}}, "fit.num_starts must be 1"),
        ({"quality": 0}, "quality must be in 1..100"),
        ({"preset": "thesiz"}, "thesiz"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        fit_pictures([scene(16, 20)], device="cpu", **options)
