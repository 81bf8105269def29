"""`overtone train`: a model from images, in a folder that can be gone on with."""

import json
from typing import Annotated

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Size
from overtone.cli.exits import note
from overtone.cli.progress import training_bar


def train(
    model: Annotated[str | None, Parameter(name="MODEL")] = None,
    /,
    *,
    data: str | None = None,
    out: Annotated[str, Parameter(name=["--out", "-o"])],
    preset: str | None = None,
    settings: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    size: Size = None,
    channels: int | None = None,
    skip_corrupt: bool = False,
    resume: bool = False,
    dry_run: bool = False,
) -> None:
    """Train a model on images, or go on with a run that was stopped or killed.

    Example: overtone train vae --data fashion-mnist --preset fashion-mnist --out run

    Args:
        model: Name of the model; with --resume it is the run's.
        data: Folder of pictures, of IDX or CIFAR files, .npz file, or hf:NAME.
        out: Folder of the run; new, or with --resume that of the run.
        preset: Named settings of the model, or a TOML file with such.
        settings: Change of a setting, such as train.steps=500; may be given often.
        size: Size WxH of the images; as they are by default.
        channels: 1 for gray, 3 for RGB; as they are by default.
        skip_corrupt: Leave out pictures that cannot be read, instead of failing.
        resume: Go on with the run.
        dry_run: Print every setting and what the data are as JSON, and do nothing.
    """
    shape = None if size is None else (size[1], size[0])
    if dry_run:
        from overtone.training.prepare import TrainRequest
        from overtone.training.run import describe_run

        request = TrainRequest(model, data, preset, settings, shape, channels, skip_corrupt, resume)
        print(json.dumps(describe_run(out, request), indent=1))
        return
    with training_bar() as report:
        result = overtone.train(
            model,
            data,
            out=out,
            preset=preset,
            settings=settings,
            size=shape,
            channels=channels,
            skip_corrupt=skip_corrupt,
            resume=resume,
            progress=report,
        )
    for each in result.skipped:
        note(f"left out {each}")
    ending = (
        "" if result.status == "finished" else f"; go on with: overtone train --resume -o {out}"
    )
    note(
        f"{result.status} at step {result.step} after {result.core_minutes:.2f} core-minutes: "
        f"{result.path}{ending}",
    )
