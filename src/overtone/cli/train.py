"""`overtone train`: a model from images, in a folder that can be gone on with."""

import contextlib
import json
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import (
    Device,
    Quiet,
    RequiredOutput,
    Seed,
    Settings,
    Size,
    Threads,
)
from overtone.cli.exits import EXIT_ERROR, note
from overtone.cli.progress import training_bar

if TYPE_CHECKING:
    from overtone.training.processes import Processes
    from overtone.training.run import TrainResult


def train(
    model: Annotated[str | None, Parameter(name="MODEL")] = None,
    /,
    *,
    data: str | None = None,
    output: RequiredOutput,
    preset: str | None = None,
    settings: Settings = (),
    size: Size = None,
    channels: int | None = None,
    skip_corrupt: bool = False,
    seed: Seed | None = None,
    device: Device = "auto",
    threads: Threads = None,
    resume: bool = False,
    dry_run: bool = False,
    quiet: Quiet = False,
) -> None:
    """Train a model on images, or go on with a run that was stopped or killed.

    Example: overtone train vae --data fashion-mnist --preset fashion-mnist -o run
    By two processes: torchrun --nproc-per-node 2 -m overtone train vae --data mnist -o run

    Args:
        model: Name of the model, see `overtone list models`; with --resume it is the run's.
        data: Folder of pictures, of IDX or CIFAR files, .npz file, or hf:NAME.
        output: Folder of the run; new, or with --resume that of the run.
        preset: Named settings of the model, see `overtone list presets`, or a TOML file with such.
        settings: Change of a setting, such as train.steps=500; may be given often.
        size: Size WxH of the images; as they are by default.
        channels: 1 for gray, 3 for RGB; as they are by default.
        skip_corrupt: Leave out pictures that cannot be read, instead of failing.
        seed: Seed for all randomness, the setting train.seed.
        device: Where to train; auto is cuda where there is a card.
        threads: Number of threads, the setting train.num_threads; all processors by default.
        resume: Go on with the run.
        dry_run: Print every setting and what the data are as JSON, and do nothing.
        quiet: Say nothing but errors.
    """
    shape = None if size is None else (size[1], size[0])
    for name, value in (("seed", seed), ("num_threads", threads)):
        settings += () if value is None else (f"train.{name}={value}",)
    from overtone.models.compute import torch_device
    from overtone.training.prepare import TrainRequest, plan_of
    from overtone.training.processes import environment_number, joined

    request = TrainRequest(model, data, preset, settings, shape, channels, skip_corrupt, resume)
    if dry_run:
        from overtone.training.run import describe_run

        if environment_number() == 0:
            print(json.dumps(describe_run(output, request), indent=1))
        return
    with joined(torch_device(device)) as (processes, _), _one_voice(processes):
        plan_of(pathlib.Path(output), request)  # what is wrong is told before the progress begins
        quiet = quiet or not processes.is_first
        with training_bar(quiet=quiet) as report:
            result = overtone.train(
                model,
                data,
                out=output,
                preset=preset,
                settings=settings,
                size=shape,
                channels=channels,
                skip_corrupt=skip_corrupt,
                resume=resume,
                device=device,
                progress=report,
            )
    if not quiet:
        _tell(result, output)


@contextlib.contextmanager
def _one_voice(processes: "Processes") -> Iterator[None]:
    """Of several processes only the first that fails tells why; the others end without a word."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if processes.may_speak():
            raise
        raise SystemExit(EXIT_ERROR) from error


def _tell(result: "TrainResult", output: str) -> None:
    """What was left out, and how the run ended."""
    for each in result.skipped:
        note(f"left out {each}")
    spent = f"{result.core_minutes:.2f} core-minutes"
    if result.status == "finished":
        spent += f" and {result.finish_core_minutes:.2f} of fitting priors"
        ending = ""
    else:
        ending = f"; go on with: overtone train --resume -o {output}"
    note(f"{result.status} at step {result.step} after {spent}: {result.path}{ending}")
