"""Phases of the training of a machine: short fits, a long one, a final one."""

import dataclasses
import math

from overtone.kernels.latent import Conditions, Rates

_WARM_TEMPERATURE, _COLD_TEMPERATURE = 0.35, 0.08
_FIRST_NOISE, _LAST_NOISE = 0.22, 0.15
_LAST_RATE_SHARE = 1e-3  # of the main phase's learning rate, at its end
_FINAL_RATE_SHARES = (1e-2, 1e-3)  # of the same in the final phase, at its beginning and end
_WARM_LATENT_BETAS = (0.725, 0.97)
# Shorter memories and longer steps than the published (0.9, 0.999) and 1: trainings of 800 steps on
# three crops end 5 % lower.
_MAIN_LATENT_BETAS = (0.7, 0.95)
_MAIN_LATENT_SHARE = 1.5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How a machine is trained; nothing of it is stored in a file.

    Attributes:
        num_steps: Steps of all phases together, at least 20.
        num_starts: Short fits from different weights.
        num_survivors: How many of these go on a little before the best is chosen.
        warmup_fraction: Share of the steps of one short fit.
        final_fraction: Share of the steps at the end, when latents are integers and stay and
            networks alone learn.
        learning_rate: Learning rate of latents and networks at first.
        basis_refresh_steps: Steps between turns of SOAP's bases in the main and the final phase.
        entropy_share: Share of the rows of the finest grids whose rate a step of the main phase
            looks at: 1, 1/2 or 1/4.
    """

    num_steps: int = 10_000
    num_starts: int = 5
    num_survivors: int = 2
    warmup_fraction: float = 0.02
    final_fraction: float = 0.05
    learning_rate: float = 1e-2
    basis_refresh_steps: int = 10
    entropy_share: float = 1.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("num_steps", 20, 1e8),
            ("num_starts", 1, 100),
            ("num_survivors", 1, self.num_starts),
            ("learning_rate", 1e-12, 1),
            ("basis_refresh_steps", 1, 1e9),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(
                    f"{name} must be in {low:g}..{high:g}, got {getattr(self, name):g}"
                )
        if self.entropy_share not in (0.25, 0.5, 1.0):
            raise ValueError(f"entropy_share must be 0.25, 0.5 or 1, got {self.entropy_share:g}")
        if not (self.warmup_fraction > 0 and self.final_fraction > 0 and self.main_steps > 0):
            raise ValueError(
                "the short fits and the final phase take all steps; lower warmup_fraction, "
                "final_fraction, num_starts or num_survivors"
            )

    @property
    def warmup_steps(self) -> int:
        """Steps of one short fit."""
        return max(1, round(self.warmup_fraction * self.num_steps))

    @property
    def final_steps(self) -> int:
        """Steps of the final phase."""
        return max(1, round(self.final_fraction * self.num_steps))

    @property
    def num_fits(self) -> int:
        """Number of short fits; a single start needs no comparison."""
        return 1 if self.num_starts == 1 else self.num_starts + self.num_survivors

    @property
    def main_steps(self) -> int:
        """Steps of the main phase."""
        return self.num_steps - self.num_fits * self.warmup_steps - self.final_steps


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Steps with schedules of their own; pairs are the values at the beginning and at the end.

    Attributes:
        num_steps: Number of steps.
        rates: Learning rate, along half a cosine.
        latent_share: Learning rate of the latents in that of the networks.
        temperatures: Softness of the rounding, along a line.
        noises: Standard deviation of the noise in symbols, along a line.
        latent_betas: Memories of Adam on the latents.
        refresh_every: Steps between turns of SOAP's bases.
        entropy_share: Share of the rows of the finest grids whose rate a step looks at.
    """

    num_steps: int
    rates: tuple[float, float]
    latent_share: float = 1.0
    temperatures: tuple[float, float] = (0.0, 0.0)
    noises: tuple[float, float] = (0.0, 0.0)
    latent_betas: tuple[float, float] = (0.9, 0.999)
    refresh_every: int
    entropy_share: float = 1.0

    def conditions(self, hard: Conditions, step: int, seed: int) -> Conditions:
        """How latents become symbols at a step."""
        done = step / self.num_steps
        return dataclasses.replace(
            hard,
            temperature=_between(self.temperatures, done),
            noise=_between(self.noises, done),
            seed=seed,
            entropy_share=self.entropy_share,
        )

    def rates_at(self, step: int) -> Rates:
        """Learning rates at a step."""
        done = (1 - math.cos(math.pi * step / self.num_steps)) / 2
        rate = _between(self.rates, done)
        return Rates(
            latent_rate=self.latent_share * rate,
            network_rate=rate,
            latent_betas=self.latent_betas,
            refresh_every=self.refresh_every,
        )


def _between(ends: tuple[float, float], done: float) -> float:
    return ends[0] + done * (ends[1] - ends[0])


def warmup_phase(settings: TrainSettings, rd_weight: float) -> Phase:
    """A short fit; the dearer bits are, the less noise."""
    noise = (0.747 - 0.432 * math.log10(rd_weight)) / 10
    return Phase(
        num_steps=settings.warmup_steps,
        rates=(settings.learning_rate, settings.learning_rate),
        temperatures=(_WARM_TEMPERATURE, _WARM_TEMPERATURE),
        noises=(max(noise, 0.0), max(noise, 0.0)),
        latent_betas=_WARM_LATENT_BETAS,
        refresh_every=1,
    )


def main_phase(settings: TrainSettings) -> Phase:
    """The long fit, ever colder."""
    return Phase(
        num_steps=settings.main_steps,
        rates=(settings.learning_rate, _LAST_RATE_SHARE * settings.learning_rate),
        latent_share=_MAIN_LATENT_SHARE,
        latent_betas=_MAIN_LATENT_BETAS,
        temperatures=(_WARM_TEMPERATURE, _COLD_TEMPERATURE),
        noises=(_FIRST_NOISE, _LAST_NOISE),
        refresh_every=settings.basis_refresh_steps,
        entropy_share=settings.entropy_share,
    )


def final_phase(settings: TrainSettings) -> Phase:
    """Networks follow integers that stay."""
    first, last = (share * settings.learning_rate for share in _FINAL_RATE_SHARES)
    return Phase(
        num_steps=settings.final_steps,
        rates=(first, last),
        latent_share=0.0,
        refresh_every=settings.basis_refresh_steps,
    )
