"""Training the machine of one picture: short fits from several starts, a long one, a final one."""

import dataclasses
import math

import numpy as np

from overtone.codecs.base import ProgressCallback
from overtone.codecs.dfm_latent.phases import (
    Phase,
    TrainSettings,
    final_phase,
    main_phase,
    warmup_phase,
)
from overtone.codecs.dfm_latent.sizes import Sizes, machine_spec
from overtone.codecs.dfm_latent.start import initial_parameters
from overtone.deadline import check_time
from overtone.kernels.latent import Conditions, Float32, Loss, Machine
from overtone.kernels.latent_starts import Start
from overtone.shapes import UInt8

# From this weight of the rate on a unit of a latent is so many symbols.
_GAINS = ((5e-4, 16.0), (2e-4, 20.0), (0.0, 24.0))
_MAX_CHECK_EVERY = 100  # steps
_CHECKS = 60  # of a short training


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """Values of a machine, and what they cost with integers for latents and 8-bit pixels."""

    parameters: Float32
    latents: Float32
    loss: Loss


def gain_of(rd_weight: float) -> float:
    """Symbols a unit of a latent."""
    return next(gain for limit, gain in _GAINS if rd_weight >= limit)


class Trainer:
    """Runs phases on one machine and keeps count of all steps.

    Args:
        picture: Pixels.
        sizes: Sizes of the networks.
        settings: How it is trained.
        rd_weight: λ in distortion + λ · bits a pixel; distortion is the mean squared error of
            samples in [0, 1].
        start: Networks of other pictures that these begin with.
        seed: Seed for all randomness.
        num_threads: Number of threads.
        progress: Called now and then with the fraction done and a message; what it raises stops the
            training.
    """

    def __init__(
        self,
        picture: UInt8[np.ndarray, "h w c"],
        sizes: Sizes,
        settings: TrainSettings,
        *,
        rd_weight: float,
        start: Start | None = None,
        seed: int = 0,
        num_threads: int,
        progress: ProgressCallback | None = None,
    ) -> None:
        self.machine = Machine(
            machine_spec(picture.shape, sizes),
            np.ascontiguousarray(picture, np.float32) / np.float32(255),
            num_threads=num_threads,
        )
        self._mean_colour = picture.mean(axis=(0, 1), dtype=np.float64) / 255
        self._settings = settings
        self._start = start
        self._seed = seed
        self._progress = progress
        self.hard = Conditions(gain=gain_of(rd_weight), rd_weight=rd_weight)
        self._num_done = 0

    def start(self, number: int) -> State:
        """A machine that knows nothing of its picture but the mean colour."""
        machine = self.machine
        machine.parameters = initial_parameters(
            machine.spec,
            machine.tensors,
            self._mean_colour,
            seed=self._seed + number,
            start=self._start,
        )
        machine.latents = np.zeros_like(machine.latents)
        return self.state()

    def run(self, phase: Phase, begin: State) -> State:
        """The best state of a phase with fresh optimisers, at least as good as its beginning."""
        machine, best = self.machine, begin
        machine.parameters, machine.latents = begin.parameters, begin.latents
        machine.restart()
        every = max(1, min(_MAX_CHECK_EVERY, self._settings.num_steps // _CHECKS))
        for step in range(phase.num_steps):
            check_time()
            seed = self._seed + self._num_done
            machine.step(phase.conditions(self.hard, step, seed), phase.rates_at(step))
            self._num_done += 1
            if (step + 1) % every == 0 or step + 1 == phase.num_steps:
                state = self.state()
                best = min(best, state, key=self.cost)
                self._report(best)
        return best

    def cost(self, state: State) -> float:
        """Distortion + λ · bits a pixel."""
        return state.loss.total(self.hard.rd_weight)

    def state(self) -> State:
        """What the machine is now, with what it costs."""
        loss = self.machine.evaluate(self.hard, is_rounded=True)
        return State(self.machine.parameters, self.machine.latents, loss)

    def _report(self, best: State) -> None:
        if self._progress is not None:
            psnr_db = -10 * math.log10(max(best.loss.distortion, 1e-10))
            self._progress(
                self._num_done / self._settings.num_steps,
                f"{best.loss.rate_bpp:.3f} bpp without networks, {psnr_db:.2f} dB",
            )


def train(trainer: Trainer, settings: TrainSettings) -> State:
    """All phases; the best state is left in the machine."""
    warmup = warmup_phase(settings, trainer.hard.rd_weight)
    fits = [trainer.run(warmup, trainer.start(i)) for i in range(settings.num_starts)]
    fits = sorted(fits, key=trainer.cost)[: settings.num_survivors]
    if settings.num_starts > 1:
        fits = [trainer.run(warmup, fit) for fit in fits]
    best = trainer.run(main_phase(settings), min(fits, key=trainer.cost))
    best = trainer.run(final_phase(settings), best)
    trainer.machine.parameters, trainer.machine.latents = best.parameters, best.latents
    return best
