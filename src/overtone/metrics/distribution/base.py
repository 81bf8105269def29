"""What a distribution metric is: names, directions and one function of two sets of features."""

import dataclasses
from collections.abc import Callable

import numpy as np

from overtone.metrics.distribution.features.base import Features


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """One measured number.

    Attributes:
        value: The number, in the unit of the metric.
        error: How far it may be off or scatters, as the metric says; None where it says nothing.
    """

    value: float
    error: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DistributionMetric:
    """A function of two sets of features that answers with one number or a few related ones.

    Attributes:
        names: What is measured, one name for each number of the answer.
        titles: The same for people.
        higher_is_better: Whether higher is better, for all its numbers.
        error: What the errors are, for people; empty if there are none.
        compares_pairs: Whether it looks at all pairs of rows, so that its cost grows by the square
            of the counts.
        fn: Called with `samples=`, `reference=` and `rng=`; answers in the order of the names.
    """

    names: tuple[str, ...]
    titles: tuple[str, ...]
    higher_is_better: bool
    error: str = ""
    compares_pairs: bool = False
    fn: Callable[..., tuple[Estimate, ...]]

    def measure(
        self, *, samples: Features, reference: Features, rng: np.random.Generator
    ) -> tuple[Estimate, ...]:
        """The numbers of the metric, one for each name."""
        return self.fn(samples=samples, reference=reference, rng=rng)
