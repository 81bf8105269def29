"""`overtone interpolate`: the pictures between two pictures or two seeds."""

import pathlib
import sys
from typing import Annotated, Literal

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Device, Model, Quiet, RequiredOutput, Size, Threads
from overtone.cli.exits import EXIT_DONE
from overtone.cli.pictures import ANIMATION_SUFFIX, check_output, write_animation, write_pictures
from overtone.errors import ConfigError


def interpolate(
    model: Model,
    pictures: Annotated[tuple[str, str] | None, Parameter(name="FROM TO")] = None,
    /,
    *,
    output: RequiredOutput,
    seeds: str | None = None,
    num_steps: Annotated[int, Parameter(name=["--num-steps", "-n"])] = 8,
    curve: Literal["spherical", "linear"] = "spherical",
    size: Size = None,
    temperature: float = 1.0,
    prior: str | None = None,
    frame_ms: int = 80,
    device: Device = "cpu",
    threads: Threads = None,
    quiet: Quiet = False,
    force: bool = False,
) -> int:
    """Draw the pictures between two pictures, or between two drawn ones.

    Example: overtone interpolate fashion-mnist --seeds 1,2 -n 16 -o between.gif --size 112x112

    Args:
        model: Name of a model that comes with the package, its file, or the folder of a run.
        pictures: The two picture files, unless --seeds is given.
        output: .gif for an animation, another picture file for a row, a folder for a PNG each,
            .npz, or - for a row on standard output.
        seeds: Two seeds A,B: the pictures that `overtone sample` draws with them.
        num_steps: Pictures, both ends included.
        curve: In the latent space; linear is the straight line.
        size: WxH in pixels, evaluated by the model, not resampled; as trained by default.
        temperature: Spread of drawn ends; 1 is what was learned.
        prior: Distribution of drawn ends; the model's default if not given.
        frame_ms: Time of one picture of an animation, milliseconds.
        device: Where the model computes; auto is cuda where there is a card.
        threads: Number of worker threads; all processors by default.
        quiet: Say nothing but errors.
        force: Replace files that exist.
    """
    check_output(output, force=force)
    from overtone.cli.sources import load_pictures
    from overtone.models.compute import torch_threads
    from overtone.models.store import load_model

    if (pictures is None) == (seeds is None):
        raise ConfigError("give two pictures, or two seeds as --seeds A,B")
    chosen = load_model(model, device=device)
    if pictures is None:
        assert seeds is not None
        start, end = _two_seeds(seeds)
    else:
        _, (start, end) = load_pictures(pictures, chosen.spec)
    with torch_threads(threads):
        drawn = overtone.interpolate(
            chosen,
            start,
            end,
            num_steps,
            curve=curve,
            size=size and (size[1], size[0]),
            temperature=temperature,
            prior=prior,
        )
    if pathlib.PurePath(output).suffix.lower() == ANIMATION_SUFFIX:
        write_animation(output, drawn, frame_ms=frame_ms, force=force)
    else:
        write_pictures(output, drawn, num_columns=len(drawn), force=force)
    height, width = drawn.shape[1:3]
    if not quiet:
        line = f"{len(drawn)} of {width}x{height} pixels"
        print(f"{model} -> {output}: {line}", file=sys.stderr)
    return EXIT_DONE


def _two_seeds(text: str) -> tuple[int, int]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise ConfigError(f"--seeds must be two whole numbers like 1,2, got {text}")
    return int(parts[0]), int(parts[1])
