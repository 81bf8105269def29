"""`overtone balance`: synthetic pictures for the rare classes of a data set."""

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Device, Quiet, RequiredOutput, Seed, Size, Threads
from overtone.cli.exits import EXIT_DONE


def balance(
    source: Annotated[str, Parameter(name="DATA")],
    /,
    *,
    output: RequiredOutput,
    model: Annotated[str, Parameter(metavar="MODEL")],
    target: int | None = None,
    split: Literal["train", "test", "all"] = "train",
    seed: Seed = 0,
    temperature: float = 1.0,
    prior: str | None = None,
    size: Size = None,
    skip_corrupt: bool = False,
    device: Device = "cpu",
    threads: Threads = None,
    quiet: Quiet = False,
) -> int:
    """Draw synthetic pictures for the classes of a data set that have too few.

    They go into a new folder with a sub-folder for each class; manifest.json, and a text inside
    each PNG, mark every one as synthetic and say how to draw it again. Nothing is ever replaced.

    Example: overtone balance products --model runs/products -o synthetic

    Args:
        source: Labelled data, such as a folder with a sub-folder for each class.
        output: Folder to make.
        model: Trained on these classes: a name, a file, or the folder of a run.
        target: Pictures each class shall have, real and synthetic; by default as many as the
            largest class.
        split: Which part of the data.
        seed: Seed for all randomness.
        temperature: Spread; 1 is what was learned, smaller is less varied.
        prior: Distribution to draw from; the model's default if not given.
        size: WxH in pixels; as the model was trained by default.
        skip_corrupt: Leave out pictures that cannot be read, instead of failing.
        device: Where the model computes; auto is cuda where there is a card.
        threads: Number of worker threads; all processors by default.
        quiet: Say nothing but errors.
    """
    from overtone.cli.progress import progress_bar
    from overtone.models.compute import torch_threads

    with progress_bar("drawing", quiet=quiet) as progress, torch_threads(threads):
        added = overtone.balance(
            source,
            output,
            model=model,
            target=target,
            split=split,
            seed=seed,
            temperature=temperature,
            prior=prior,
            size=size and (size[1], size[0]),
            on_corrupt="skip" if skip_corrupt else "fail",
            device=device,
            progress=progress,
        )
    if not quiet:
        for name, count in added.items():
            print(f"{name}: {count} synthetic pictures", file=sys.stderr)
        print(f"{source} -> {output}: {sum(added.values())} synthetic pictures", file=sys.stderr)
    return EXIT_DONE
