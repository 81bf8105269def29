"""The priors a latent model has after training: of all latents, and of each class's."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from overtone.models.priors.base import Prior
from overtone.models.priors.by_class import ClassPriors
from overtone.models.priors.kernel import KernelPrior
from overtone.models.priors.registry import get_prior_class
from overtone.shapes import Float64, Int64

# A class of fewer pictures gets a kernel prior too. Up to 1,000 it is better than a Gaussian or a
# mixture, at 3,000 a mixture is nearly as good: `experiments/balance/priors.py`.
SMALL_CLASS = 1000


@dataclasses.dataclass(frozen=True)
class LatentPriors:
    """Fitted priors by kind.

    They are rounded to what a model's file keeps, float32, so that a loaded model draws the same.

    Attributes:
        whole: Kind to the prior of all latents.
        by_class: Kind to the priors of each class's latents; empty without classes.
    """

    whole: dict[str, Prior] = dataclasses.field(default_factory=dict)
    by_class: dict[str, ClassPriors] = dataclasses.field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        kinds: Sequence[str],
        latents: Float64[np.ndarray, "n d"],
        labels: Int64[np.ndarray, " n"] | None,
        num_classes: int,
        *,
        rng: np.random.Generator,
    ) -> "LatentPriors":
        """One prior of each kind for all, and with labels one for each class.

        Small classes get a `KernelPrior` too.

        Raises:
            ConfigError: A kind is unknown, or the latents are too few or not finite.
        """
        whole, by_class = {}, {}
        for kind in kinds:
            prior_class = get_prior_class(kind)
            whole[kind] = _rounded(prior_class.fit(latents, rng=rng))
            if prior_class.is_for_classes and labels is not None and num_classes:
                found = ClassPriors.fit(prior_class, latents, labels, num_classes, rng=rng)
                by_class[kind] = _all_rounded(found)
        if KernelPrior.kind not in by_class and labels is not None and num_classes:
            found = ClassPriors.fit(
                KernelPrior, latents, labels, num_classes, rng=rng, below=SMALL_CLASS
            )
            if any(found.priors):
                by_class[KernelPrior.kind] = _all_rounded(found)
        return cls(whole, by_class)

    def kind_of_class(self, number: int, default: str) -> str:
        """The kind to draw a class from: a kernel for a small one, otherwise the default."""
        small = self.by_class.get(KernelPrior.kind)
        if small is None or small.priors[number] is None or small.counts[number] >= SMALL_CLASS:
            return default
        return KernelPrior.kind

    def count_of_class(self, number: int) -> int | None:
        """Number of latents of a class that its priors were fitted to; None if there is none."""
        counts = [int(priors.counts[number]) for priors in self.by_class.values()]
        return counts[0] if counts else None

    def to_tensors(self) -> dict[str, Tensor]:
        """Named tensors for a model's file.

        Names are `whole.KIND.ARRAY`, `class.KIND.NUMBER.ARRAY` and `counts.KIND`.
        """
        arrays = {
            f"whole.{kind}.{name}": array
            for kind, prior in self.whole.items()
            for name, array in _arrays(prior).items()
        }
        for kind, priors in self.by_class.items():
            arrays[f"counts.{kind}"] = priors.counts
            for number, prior in enumerate(priors.priors):
                named = {} if prior is None else _arrays(prior)
                arrays |= {f"class.{kind}.{number}.{name}": a for name, a in named.items()}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "LatentPriors":
        """The priors that `to_tensors` made these tensors of.

        Raises:
            ConfigError: A kind is unknown, or the arrays do not fit it.
            ValueError: A name is none of `to_tensors`.
        """
        groups: dict[tuple[str, ...], dict[str, np.ndarray]] = {}
        counts: dict[str, np.ndarray] = {}
        for path, tensor in tensors.items():
            *group, name = path.split(".")
            match group:
                case ["counts"]:
                    counts[name] = tensor.numpy()
                case ["whole", _] | ["class", _, _]:
                    groups.setdefault(tuple(group), {})[name] = tensor.numpy()
                case _:
                    raise ValueError(f"unknown tensor {path}")
        whole = {g[1]: _prior(g[1], a) for g, a in groups.items() if g[0] == "whole"}
        by_class = {}
        for kind, number_of in counts.items():
            found = (groups.get(("class", kind, str(k))) for k in range(len(number_of)))
            priors = [None if arrays is None else _prior(kind, arrays) for arrays in found]
            by_class[kind] = ClassPriors(priors, number_of)
        return cls(whole, by_class)


def _arrays(prior: Prior) -> dict[str, np.ndarray]:
    return {
        name: array.astype(np.float32) if array.dtype == np.float64 else array
        for name, array in prior.to_arrays().items()
    }


def _prior(kind: str, arrays: dict[str, np.ndarray]) -> Prior:
    return get_prior_class(kind).from_arrays(arrays)


def _all_rounded(found: ClassPriors) -> ClassPriors:
    rounded = [None if each is None else _rounded(each) for each in found.priors]
    return ClassPriors(rounded, found.counts)


def _rounded(prior: Prior) -> Prior:
    return _prior(prior.kind, _arrays(prior))
