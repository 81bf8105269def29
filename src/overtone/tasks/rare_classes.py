"""What to expect of pictures drawn for a class, from how few examples it has."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from overtone.data import ImageSet
from overtone.metrics.distribution.nearest import nearest_others, nearest_pictures
from overtone.models.latent_priors import SMALL_CLASS
from overtone.shapes import UInt8

FEW_EXAMPLES = 100  # a class of fewer gets a warning
_NUM_COMPARED = 1000  # drawn pictures whose nearest real one is sought
# `experiments/balance`, 60 examples a class, 1,000 steps; no classifier was trained on fewer.
_MEASURED_EXAMPLES = 60
MEASURED = (
    "at 60 examples a class of Fashion-MNIST, a classifier got 59 % of such classes right with "
    "drawn pictures alone (prior gaussian), 75 % with the real ones repeated, 74 % with half of "
    "each"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FilledClass:
    """What `balance` did for one class, and what to expect of it.

    Attributes:
        num_real: Number of real pictures in the source.
        num_added: Number of synthetic pictures drawn.
        num_learned: Number of pictures of the class that the model was trained on; None if it does
            not say.
        prior: Distribution they were drawn from; None for a model without latents.
        nearest_drawn: Mean distance of a drawn picture to the nearest real one, as the root mean
            squared difference of pixels in levels of 255; None where it is not measured, for
            classes of 1,000 real pictures or more and for one.
        nearest_real: The same of the real pictures to each other.
        warning: What to expect of a class of fewer than 100 examples; None of larger ones.
    """

    num_real: int
    num_added: int
    num_learned: int | None
    prior: str | None
    nearest_drawn: float | None = None
    nearest_real: float | None = None
    warning: str | None = None


def describe(
    name: str,
    real: ImageSet,
    drawn: UInt8[np.ndarray, "n h w c"],
    *,
    num_learned: int | None,
    prior: str | None,
) -> FilledClass:
    """The record of one class, with distances and, for few examples, the warning.

    Args:
        name: Name of the class.
        real: The source, with all its classes.
        drawn: Pictures drawn for the class, of the model's size.
        num_learned: Number of pictures of the class that the model was trained on; None if unknown.
        prior: Distribution they were drawn from.
    """
    assert real.labels is not None
    own = real.images[real.labels == real.class_names.index(name)]
    filled = FilledClass(
        num_real=len(own), num_added=len(drawn), num_learned=num_learned, prior=prior
    )
    if 2 <= len(own) < SMALL_CLASS and drawn.shape[1:] == own.shape[1:]:
        nearest = nearest_pictures(drawn[:_NUM_COMPARED], own)
        filled = dataclasses.replace(
            filled,
            nearest_drawn=round(float(nearest.distances.mean()), 2),
            nearest_real=round(float(nearest_others(own).mean()), 2),
        )
    return dataclasses.replace(filled, warning=_warning(name, filled))


def _warning(name: str, filled: FilledClass) -> str | None:
    """A plain line for a class of few examples; None for others."""
    learned = filled.num_learned
    if min(filled.num_real, filled.num_real if learned is None else learned) >= FEW_EXAMPLES:
        return None
    distances = ""
    if filled.nearest_drawn is not None:
        distances = (
            f"; a drawn picture is on average {filled.nearest_drawn:.1f} levels of 255 from the "
            f"nearest real one, a real one {filled.nearest_real:.1f} from the nearest other"
        )
    if learned is None:
        return (
            f"{name}: {_examples(filled.num_real)} here; the model does not say how many it "
            f"learned from: if no more, expect variations of these and nothing new{distances}"
        )
    if learned >= FEW_EXAMPLES:
        return (
            f"{name}: {_examples(filled.num_real)} here, but the model learned the class from "
            f"{learned} of its own, so expect pictures like those{distances}"
        )
    unknown = "" if learned >= _MEASURED_EXAMPLES else "; with fewer nothing was measured"
    return (
        f"{name}: learned from {_examples(learned)}, fewer than {FEW_EXAMPLES}; expect variations "
        f"of these and nothing new: {MEASURED}{unknown}{distances}"
    )


def _examples(count: int) -> str:
    return f"{count} example{'' if count == 1 else 's'}"


def as_json(classes: Mapping[str, FilledClass]) -> dict[str, dict[str, object]]:
    """The records for a manifest."""
    return {name: dataclasses.asdict(filled) for name, filled in classes.items()}
