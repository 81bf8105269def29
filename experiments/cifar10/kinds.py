"""What is trained on CIFAR-10: which system each run belongs to, and how it is sampled."""

import dataclasses
from typing import Literal

Draw = tuple[str | None, float]  # prior, None for the model's own, and temperature

DATA = "cifar10"
System = Literal["DFM", "DCTransformer", "dictionary", "control"]

OWN: tuple[Draw, ...] = ((None, 1.0),)  # the model's own prior
# The thesis draws from N(0, s² I) with the s that does best; here s is a multiple of the latents'
# root mean square.
SWEEP: tuple[Draw, ...] = tuple(("isotropic", t) for t in (1.0, 0.85, 0.7, 0.5))
PLAIN = "normal"  # the autoencoder's own prior, N(0, I)
PUBLISHED_PRIOR = "isotropic"  # the thesis's, of which the best of a sweep counts


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """Runs that differ in their seed only.

    Attributes:
        title: What tables call it.
        system: Which of the three systems it is a form of.
        is_published: Whether it follows the source document.
        model: In the table of models.
        preset: Of the model.
        draws: Prior and temperature of each measurement.
        changes: Of the preset.
        num_seeds: Number of runs.
    """

    title: str
    system: System
    is_published: bool
    model: str
    preset: str
    draws: tuple[Draw, ...] = OWN
    changes: tuple[str, ...] = ()
    num_seeds: int = 1


def thesis(reading: str, preset: str, reduction: str) -> Kind:
    """The thesis's generator, by text or program, with λ beside sums or means."""
    changes = (
        f"network.loss_reduction={reduction}",
        'network.prior.fitted=["isotropic", "mixture"]',
        "train.core_minutes=30",
        # That its samples are all alike is a result, not a reason to stop.
        "train.sample_every=0",
    )
    title = f"thesis by the {reading}, λ beside {reduction}s"
    draws = (*SWEEP, ("mixture", 1.0))
    return Kind(title, "DFM", True, "fourier-generator", preset, draws, changes)


# By the middle part of the names of their runs, cifar10-<label>-<seed>.
KINDS: dict[str, Kind] = {
    "vae": Kind(
        "`vae`", "control", True, "vae", DATA, ((PLAIN, 1.0), ("mixture", 1.0), ("flow", 1.0))
    ),
    "pca": Kind("`pca`", "control", False, "pca", DATA, (("gaussian", 1.0), ("mixture", 1.0))),
    "thesis-program-sum": thesis("program", "thesis-cifar10", "sum"),
    "thesis-program-mean": thesis("program", "thesis-cifar10", "mean"),
    "thesis-text-mean": thesis("text", "thesis-cifar10-text", "mean"),
    "thesis-text-sum": thesis("text", "thesis-cifar10-text", "sum"),
    "series-generator": Kind(
        "ours, one latent (`series-generator`)",
        "DFM",
        False,
        "series-generator",
        DATA,
        (("flow", 1.0), ("mixture", 1.0)),
    ),
    "local-series": Kind(
        "ours, local series, adversarial (`local-series-generator`)",
        "DFM",
        False,
        "local-series-generator",
        DATA,
        num_seeds=3,
    ),
    "local-series-autoencoder": Kind(
        "ours, local series, autoencoder and flow",
        "DFM",
        False,
        "local-series-generator",
        "cifar10-autoencoder",
    ),
    "local-series-flow": Kind(
        "ours, local series, flow over coefficients",
        "DFM",
        False,
        "local-series-generator",
        "cifar10-flow",
    ),
    "dct-flow": Kind(
        "ours, flow over local DCTs (`dct-flow`)", "DCTransformer", False, "dct-flow", DATA
    ),
    "dct-transformer-b4": Kind(
        "`dct-transformer`, blocks of 4", "DCTransformer", False, "dct-transformer", "cifar10-b4"
    ),
    "dct-transformer-b8": Kind(
        "`dct-transformer`, blocks of 8", "DCTransformer", False, "dct-transformer", "cifar10-b8"
    ),
    "local-dictionary": Kind(
        "ours, local atoms and flow (`local-dictionary`)",
        "dictionary",
        False,
        "local-dictionary",
        DATA,
    ),
    "dictionary": Kind(
        "ours, global atoms (`spectral-dictionary`)",
        "dictionary",
        False,
        "spectral-dictionary",
        DATA,
        (("mixture", 1.0), ("gaussian", 1.0)),
    ),
    "dictionary-published": Kind(
        "published form, flattened (`spectral-dictionary`)",
        "dictionary",
        True,
        "spectral-dictionary",
        "published-cifar10",
        (("gaussian", 1.0), ("mixture", 1.0)),
    ),
}


def label_of(name: str) -> tuple[str, int] | None:
    """Label and seed in the name of a run; None if it is none of these."""
    label, _, seed = name.removeprefix(f"{DATA}-").rpartition("-")
    return (label, int(seed)) if label in KINDS and seed.isdecimal() else None
