"""The thesis's generator, ours, the variational autoencoder and the controls at equal cost.

    python -m experiments.thesis_generation.measure DATA --run mnist --core-minutes 20
    python -m experiments.thesis_generation.measure DATA --run photo32 --feature-weights WEIGHTS
    python -m experiments.thesis_generation.measure --page

DATA is a folder with `mnist`, `fashion-mnist` and `photo32`. Each trial is a run of `overtone
train` under `--runs`, which goes on where it was stopped, and then some measurements, which are
rows of experiments/thesis_generation/rows/; what is there is skipped. Every trial has one thread,
so that as many as there are processors can run side by side: `--only vae` in one process, `--only
series` in another.
"""

import argparse
import sys
from collections.abc import Sequence

from experiments.harness.rebuild import rebuild
from experiments.harness.trials import (
    SIGMA_RATIOS,
    Trial,
    TrialOutput,
    add_arguments,
    run_trial,
)
from experiments.thesis_generation.judge import RESULTS
from experiments.thesis_generation.page import IMAGES

OUTPUT = TrialOutput(RESULTS, IMAGES)


def trials_of(data: str) -> list[Trial]:
    """All trials on one data set, the quick ones first."""
    ours = (("flow", 1.0), ("mixture", 1.0), ("gaussian", 1.0))
    vae = (("normal", 1.0), ("flow", 1.0), ("mixture", 1.0))
    seeds = range(3) if data == "fashion-mnist" else range(1)
    return [
        Trial(data, "pca", data, (("gaussian", 1.0), ("mixture", 1.0)), has_own_length=True),
        *(Trial(data, "series-generator", data, ours, seed) for seed in seeds),
        *(Trial(data, "vae", data, vae, seed) for seed in seeds),
        *(thesis_of_color(data) if data == "photo32" else thesis_of_gray(data)),
        *([Trial(data, "series-generator", data, ours, 0, True)] if len(seeds) == 3 else []),
    ]


# Steps of the thesis's generators: as many as 20 minutes of an idle core allowed; a core whose
# neighbour works does fewer in that time.
GRAY_STEPS = {"mnist": 52_617, "fashion-mnist": 55_782}  # without gradients of latents
LEARNED_STEPS, COLOR_STEPS = 37_090, 2_440


def thesis_of_gray(data: str) -> list[Trial]:
    """The thesis's generator to the letter, and with latents that learn, the kinder reading."""
    return [
        # Its decoder learns from random codes, and samples are alike with every σ.
        thesis(data, "fourier-generator", "thesis-mnist", GRAY_STEPS[data], (1.0, 0.85, 0.7, 0.5)),
        thesis(data, "fourier-generator-learned", "thesis-mnist-learned", LEARNED_STEPS),
    ]


def thesis_of_color(data: str) -> list[Trial]:
    """By the program and by the text, λ beside sums: on CIFAR-10 nearer than beside means."""
    changes = ("network.loss_reduction=sum",)
    return [
        thesis(data, "fourier-generator", "thesis-cifar10", COLOR_STEPS),
        thesis(data, "fourier-generator-text", "thesis-cifar10-text", COLOR_STEPS, changes=changes),
    ]


def thesis(
    data: str,
    label: str,
    preset: str,
    num_steps: int,
    ratios: Sequence[float] = SIGMA_RATIOS,
    changes: tuple[str, ...] = (),
) -> Trial:
    """One reading of the thesis's generator, drawn with every σ."""
    return Trial(
        data,
        "fourier-generator",
        preset,
        (*(("isotropic", ratio) for ratio in ratios), ("mixture", 1.0)),
        label=label,
        # That its samples are all alike is a result, not a reason to stop.
        changes=(
            f"train.steps={num_steps}",
            "train.num_threads=1",
            "train.sample_every=0",
            *changes,
        ),
        has_own_length=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Generation at equal cost.")
    add_arguments(parser)
    arguments = parser.parse_args()
    if arguments.run and arguments.data is None:
        parser.error("--run needs the folder of the data sets")
    for data in arguments.run or []:
        for trial in trials_of(data):
            if arguments.only in trial.name and not run_trial(trial, arguments, OUTPUT):
                sys.exit("stopped; the same command goes on")
    if arguments.page:
        rebuild(["dfm-generation"])


if __name__ == "__main__":
    main()
