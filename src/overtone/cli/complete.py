"""What `overtone colorize` and `overtone upscale` share: reading, drawing, writing."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from overtone.cli.outcome import Outcome
from overtone.cli.pictures import check_output, write_results, write_results_of_sizes
from overtone.cli.sources import load_pictures, load_whole_pictures

if TYPE_CHECKING:
    import numpy as np

    from overtone.models.base import AbstractModel
    from overtone.shapes import UInt8

# Model, pictures of one size, options -> results of each.
Verb = Callable[..., "UInt8[np.ndarray, 'n results h w c']"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What both commands are told besides their numbers.

    Attributes:
        model: File, run or name of a model.
        images: Pictures, folders of pictures or globs.
        output: Where results go.
        originals: Whether what results were drawn from goes before them.
        recursive: Whether the folders in a folder are searched too.
        threads: Number of worker threads; all processors if None.
        force: Whether files that exist are replaced.
        quiet: Whether nothing but errors is said.
    """

    model: str
    images: Sequence[str]
    output: str
    originals: bool
    recursive: bool
    threads: int | None
    force: bool
    quiet: bool


def complete(completion: Completion, verb: Verb, options: dict[str, Any]) -> int:
    """Runs a verb on pictures: of any size where the model takes these, else of the model's.

    Args:
        completion: What to read and where to write.
        verb: `overtone.colorize` or `overtone.upscale`.
        options: Arguments of the verb.

    Returns:
        The exit code.
    """
    check_output(completion.output, force=completion.force)
    from overtone.models.compute import torch_threads
    from overtone.models.store import load_model
    from overtone.tasks.complete import native_spec

    model = load_model(completion.model)
    outcome = Outcome(quiet=completion.quiet)
    spec = native_spec(model, options.get("factor", 1))
    said: str
    with torch_threads(completion.threads):
        if spec is None:
            said = _each_by_itself(completion, outcome, model, verb, options)
        else:
            names, given = load_pictures(
                completion.images, spec, outcome, recursive=completion.recursive
            )
            results = _with_bar(completion, verb, model, given, options)
            said = write_results(
                completion.output,
                results,
                names=names,
                originals=given if completion.originals else None,
                force=completion.force,
            )
    outcome.say(f"{completion.model} -> {completion.output}: {said}, seed {options['seed']}")
    return outcome.exit_code()


def _each_by_itself(
    completion: Completion, outcome: Outcome, model: "AbstractModel", verb: Verb, options: dict
) -> str:
    """Pictures at their own sizes; those of one size together, so that batches are large."""
    import numpy as np

    names, given = load_whole_pictures(
        completion.images, model.spec.channels, outcome, recursive=completion.recursive
    )
    if len({each.shape for each in given}) == 1:
        results = list(_with_bar(completion, verb, model, np.stack(given), options))
    else:
        results = [_with_bar(completion, verb, model, own[None], options)[0] for own in given]
    return write_results_of_sizes(
        completion.output,
        results,
        names=names,
        originals=given if completion.originals else None,
        force=completion.force,
    )


def _with_bar(
    completion: Completion,
    verb: Verb,
    model: "AbstractModel",
    given: "UInt8[np.ndarray, 'n h w c']",
    options: dict[str, Any],
) -> "UInt8[np.ndarray, 'n results out_h out_w c2']":
    from overtone.cli.progress import progress_bar

    with progress_bar("drawing", quiet=completion.quiet) as progress:
        return verb(model, given, **options, progress=progress)
