"""What every prior is: fitted to latent vectors, sampled, stored as arrays."""

import abc
from typing import ClassVar

import numpy as np

from overtone.errors import ConfigError
from overtone.shapes import Float64


class Prior(abc.ABC):
    """A distribution over latent vectors of one length.

    Attributes:
        kind: Key in the table of priors.
        is_for_classes: Whether one is fitted for each class too; not where that would take long.
    """

    kind: ClassVar[str]
    is_for_classes: ClassVar[bool] = True

    @classmethod
    @abc.abstractmethod
    def fit(cls, latents: Float64[np.ndarray, "n d"], *, rng: np.random.Generator) -> "Prior":
        """The prior of this kind that suits the latents best.

        Raises:
            ConfigError: The latents are too few or not finite.
        """

    @abc.abstractmethod
    def sample(
        self, num_latents: int, *, rng: np.random.Generator, temperature: float = 1.0
    ) -> Float64[np.ndarray, "n d"]:
        """New latent vectors; `temperature` scales their deviations from the mean they belong to.

        Raises:
            ConfigError: `temperature` is negative or not finite.
        """

    @abc.abstractmethod
    def to_arrays(self) -> dict[str, np.ndarray]:
        """The prior's parameters as named arrays; `from_arrays` undoes it."""

    @classmethod
    @abc.abstractmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Prior":
        """The prior of these arrays.

        Raises:
            ConfigError: An array is missing, or shapes or values make no sense.
        """


def check_latents(latents: np.ndarray, *, at_least: int = 2) -> None:
    """Raises `ConfigError` unless there are enough latents, each of them finite."""
    if latents.ndim != 2 or latents.shape[1] < 1:
        raise ConfigError(f"latents must be (vectors, length), got {latents.shape}")
    if len(latents) < at_least:
        raise ConfigError(f"fitting takes at least {at_least} latent vectors, got {len(latents)}")
    if not np.isfinite(latents).all():
        raise ConfigError("latents must be finite; the training has diverged")


def check_temperature(temperature: float) -> None:
    """Raises `ConfigError` for a negative or endless temperature."""
    if not (np.isfinite(temperature) and temperature >= 0):
        raise ConfigError(f"temperature must be 0 or more, got {temperature}")


def check_arrays(
    kind: str, arrays: dict[str, np.ndarray], shapes: dict[str, tuple[str, ...]]
) -> dict[str, int]:
    """The sizes named in `shapes`; raises `ConfigError` where arrays do not fit them.

    Args:
        kind: Kind of the prior, for messages.
        arrays: What a file holds.
        shapes: For each array its axes by name; an axis has one size wherever it occurs.
    """
    if set(arrays) != set(shapes):
        raise ConfigError(f"a {kind} prior is made of {sorted(shapes)}, got {sorted(arrays)}")
    sizes: dict[str, int] = {}
    for name, axes in shapes.items():
        array = arrays[name]
        if array.ndim != len(axes):
            raise ConfigError(f"{name} of a {kind} prior must have {len(axes)} axes: {axes}")
        for axis, size in zip(axes, array.shape, strict=True):
            if size < 1 or sizes.setdefault(axis, size) != size:
                raise ConfigError(f"{name} of a {kind} prior has {size} {axis}s")
        if not np.isfinite(array).all():
            raise ConfigError(f"{name} of a {kind} prior must be finite")
    return sizes
