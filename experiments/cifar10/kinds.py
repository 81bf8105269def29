"""What is trained on CIFAR-10: which system each run belongs to, and how it is sampled."""

import dataclasses
from typing import Literal, NamedTuple

from experiments.harness.trials import SIGMA_RATIOS

DATA = "cifar10"
System = Literal["DFM", "DCTransformer", "dictionary", "control"]


class Draw(NamedTuple):
    """A way of drawing.

    Attributes:
        prior: Of the latents; None for the model's own.
        temperature: Spread of the latents.
        guidance: How far towards the class of each sample.
    """

    prior: str | None = None
    temperature: float = 1.0
    guidance: float = 1.0


OWN = (Draw(),)
GUIDED = (Draw(), Draw(guidance=1.5))
SWEEP = tuple(Draw("isotropic", ratio) for ratio in SIGMA_RATIOS)
BRIEF_MINUTES = 15  # of core time, of each of the trainings that are compared at equal length
COMPOSED = "network.series.composed_layers=2"
PLAIN = "normal"  # the autoencoder's own prior, N(0, I)
LISTS = ("dct-transformer-b4", "dct-transformer-b8")  # kinds that draw DCTransformer's lists
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
        draws: Ways of drawing of which the best counts.
        asides: Ways that the document does not have, measured with the fast network only.
        changes: Of the preset.
        num_seeds: Number of runs.
    """

    title: str
    system: System
    is_published: bool
    model: str
    preset: str
    draws: tuple[Draw, ...] = OWN
    asides: tuple[Draw, ...] = ()
    changes: tuple[str, ...] = ()
    num_seeds: int = 1


def brief(title: str, model: str, draws: tuple[Draw, ...], *changes: str) -> Kind:
    """A training of local series that is compared with others of the same length."""
    return Kind(
        f"local series, {BRIEF_MINUTES} core-minutes: {title}",
        "DFM",
        False,
        model,
        DATA,
        draws,
        changes=(f"train.core_minutes={BRIEF_MINUTES}", *changes),
    )


def thesis(reading: str, preset: str, reduction: str) -> Kind:
    """The thesis's generator, by text or program, with λ beside sums or means."""
    changes = (
        f"network.loss_reduction={reduction}",
        'network.prior.fitted=["isotropic", "mixture"]',
        "train.core_minutes=20",
        # That its samples are all alike is a result, not a reason to stop.
        "train.sample_every=0",
    )
    title = f"thesis by the {reading}, λ beside {reduction}s"
    asides = (Draw("mixture"),)
    return Kind(title, "DFM", True, "fourier-generator", preset, SWEEP, asides, changes)


# By the middle part of the names of their runs, cifar10-<label>-<seed>.
KINDS: dict[str, Kind] = {
    "vae": Kind(
        "`vae`", "control", True, "vae", DATA, (Draw(PLAIN), Draw("mixture"), Draw("flow"))
    ),
    "pca": Kind("`pca`", "control", False, "pca", DATA, (Draw("gaussian"), Draw("mixture"))),
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
        (Draw("flow"), Draw("mixture")),
    ),
    "local-series": Kind(
        "ours, local series, adversarial (`local-series-generator`)",
        "DFM",
        False,
        "local-series-generator",
        DATA,
        # Without the preset's class_gain.
        asides=(Draw(guidance=0.6667),),
        num_seeds=3,
    ),
    "local-series-short": brief("adversarial", "local-series-generator", OWN),
    "local-series-composed": brief(
        "adversarial, two composed layers on top",
        "local-series-generator",
        OWN,
        COMPOSED,
    ),
    "local-series-autoencoder": brief(
        "autoencoder and flow (`local-series-autoencoder`)", "local-series-autoencoder", GUIDED
    ),
    "local-series-autoencoder-composed": brief(
        "autoencoder and flow, two composed layers on top",
        "local-series-autoencoder",
        GUIDED,
        COMPOSED,
    ),
    # As long as the preset's: after 15 minutes it was nearer by both networks.
    "local-series-composed-full": Kind(
        "ours, local series, two composed layers on top, adversarial",
        "DFM",
        False,
        "local-series-generator",
        DATA,
        OWN,
        changes=(COMPOSED,),
    ),
    "local-series-flow": brief(
        "flow over coefficients (`local-series-flow`)", "local-series-flow", GUIDED
    ),
    "dct-flow": Kind(
        "ours, flow over local DCTs (`dct-flow`)", "DCTransformer", False, "dct-flow", DATA, GUIDED
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
        GUIDED,
    ),
    "dictionary": Kind(
        "ours, global atoms (`spectral-dictionary`)",
        "dictionary",
        False,
        "spectral-dictionary",
        DATA,
        (Draw("mixture"), Draw("gaussian")),
    ),
    "dictionary-published": Kind(
        "published form, flattened (`spectral-dictionary`)",
        "dictionary",
        True,
        "spectral-dictionary",
        "published-cifar10",
        (Draw("gaussian"), Draw("mixture")),
    ),
}


def label_of(name: str) -> str | None:
    """The kind of the run of that name; None if it is none of these."""
    label, _, seed = name.removeprefix(f"{DATA}-").rpartition("-")
    return label if label in KINDS and seed.isdecimal() else None
