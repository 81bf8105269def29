"""Training latent machines: it learns, repeats itself, stops when told, does not collapse."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from experiments.latent.speed import multiplications
from helpers import scene

from overtone.codecs.base import ProgressCallback
from overtone.codecs.dfm_latent.phases import TrainSettings, main_phase
from overtone.codecs.dfm_latent.sizes import PRESETS, Sizes, machine_spec
from overtone.codecs.dfm_latent.train import State, Trainer, gain_of, train
from overtone.deadline import time_limit
from overtone.errors import FitError
from overtone.kernels.latent import Machine

QUICK = TrainSettings(num_steps=120, num_starts=1, num_survivors=1)
SMALL = PRESETS["lop"]
RD_WEIGHT = 1e-3


def trained(
    picture: np.ndarray,
    sizes: Sizes = SMALL,
    settings: TrainSettings = QUICK,
    *,
    seed: int = 0,
    num_threads: int = 1,
    progress: ProgressCallback | None = None,
) -> tuple[Trainer, State]:
    trainer = Trainer(
        picture,
        sizes,
        settings,
        rd_weight=RD_WEIGHT,
        seed=seed,
        num_threads=num_threads,
        progress=progress,
    )
    return trainer, train(trainer, settings)


def psnr_db(state: State) -> float:
    return -10 * float(np.log10(state.loss.distortion))


@pytest.mark.parametrize("trunk", ["rectified", "fourier", "products", "linear"])
def test_a_short_training_learns_most_of_a_small_picture(trunk):
    num_mixed = {"rectified": 8, "fourier": 4, "products": 4, "linear": 0}[trunk]
    sizes = dataclasses.replace(SMALL, trunk=trunk, num_mixed=num_mixed)
    trainer, state = trained(scene(56, 41), sizes)
    start = trainer.start(0)
    assert trainer.cost(state) < 0.1 * trainer.cost(start)
    assert psnr_db(state) > 28
    assert 0.01 < state.loss.rate_bpp < 1.5


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_gray_and_alpha_are_channels_like_others(channels):
    _, state = trained(scene(24, 40, channels))
    assert psnr_db(state) > 25


def test_a_machine_begins_as_the_mean_colour():
    picture = scene(24, 41)
    trainer = Trainer(picture, SMALL, QUICK, rd_weight=RD_WEIGHT, num_threads=1)
    variance = (picture / 255).var(axis=(0, 1)).mean()
    assert trainer.start(3).loss.distortion == pytest.approx(variance, rel=1e-2)


def test_a_bright_picture_does_not_collapse():
    picture = np.full((48, 40, 3), 254, np.uint8)
    picture[10:30, 8:25] = 245
    picture[15:20, 12:20] = (200, 225, 235)
    _, state = trained(picture)
    constant = (picture / 255).var(axis=(0, 1)).mean()
    assert state.loss.distortion < constant / 4


def test_what_is_reported_is_what_the_machine_holds():
    trainer, state = trained(scene(24, 40))
    np.testing.assert_array_equal(trainer.machine.parameters, state.parameters)
    np.testing.assert_array_equal(trainer.machine.latents, state.latents)
    loss = trainer.machine.evaluate(trainer.hard, is_rounded=True)
    assert loss == state.loss
    pixels = np.rint(np.clip(trainer.machine.pixels, 0, 1) * 255)
    error = np.square((pixels - scene(24, 40)) / 255).mean()
    assert error == pytest.approx(state.loss.distortion, rel=1e-5)


def test_trainings_repeat_themselves_and_seeds_differ():
    picture = scene(17, 30)
    settings = dataclasses.replace(QUICK, num_steps=40)
    (_, one), (_, two) = (trained(picture, settings=settings, num_threads=2) for _ in range(2))
    np.testing.assert_array_equal(one.latents, two.latents)
    np.testing.assert_array_equal(one.parameters, two.parameters)
    _, other = trained(picture, settings=settings, seed=1)
    assert (one.latents != other.latents).any()


def test_the_phases_are_all_steps():
    seen = []
    settings = TrainSettings(num_steps=150, num_starts=3, num_survivors=2)
    trained(
        scene(9, 16),
        settings=settings,
        progress=lambda fraction, message: seen.append(fraction),
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert settings.num_fits == 5
    # As published: five starts and two survivors of 200 steps each, 500 at the end.
    published = TrainSettings()
    assert (published.warmup_steps, published.main_steps) == (200, 8100)


def test_the_best_state_of_a_phase_is_kept():
    trainer, state = trained(scene(24, 40))
    hot = dataclasses.replace(main_phase(QUICK), num_steps=10, rates=(0.5, 0.5))
    again = trainer.run(hot, state)
    assert trainer.cost(again) == trainer.cost(state)


def test_a_training_ends_when_it_is_told():
    def stop(fraction: float, message: str) -> None:
        assert "dB" in message
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(scene(9, 16), progress=stop)
    with time_limit(1e-6, FitError, "training"), pytest.raises(FitError, match="more max_seconds"):
        trained(scene(9, 16))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_steps": 3}, "num_steps must be in 20..1e\\+08, got 3"),
        ({"num_survivors": 6}, "num_survivors must be in 1..5, got 6"),
        ({"warmup_fraction": 0.2}, "short fits and the final phase take all steps"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        TrainSettings(**change)


def test_large_pictures_have_more_grids():
    sizes = [(512, 768), (1000, 1000), (2000, 2001)]
    assert [machine_spec((*size, 3), SMALL).num_grids for size in sizes] == [7, 8, 9]


def test_operations_are_counted_as_published():
    """Of Cool-Chic 5, a pixel; some redundant products of the original are left out here."""
    published = {"lop": 482, "mop": 1037, "hop": 1943}
    for name, expected in published.items():
        spec = machine_spec((128, 192, 3), PRESETS[name])
        machine = Machine(spec, np.zeros((128, 192, 3), np.float32), num_threads=1)
        assert multiplications(machine) / (128 * 192) == pytest.approx(expected, rel=0.06)


def test_gains_follow_the_rate():
    assert [gain_of(weight) for weight in (2e-2, 5e-4, 4e-4, 2e-4, 1e-4)] == [16, 16, 20, 20, 24]
