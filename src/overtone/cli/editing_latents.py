"""The part of `overtone edit` that goes through a model: directions parsed, rows of results."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from overtone.cli.exits import EXIT_DONE
from overtone.cli.pictures import check_output, write_pictures
from overtone.errors import ConfigError

if TYPE_CHECKING:
    from overtone.editing.through_model import Move

_MAX_STEPS = 1000


def edit_with_model(
    inputs: Sequence[str],
    model: str,
    output: str,
    *,
    directions: Sequence[str],
    classes: Sequence[str],
    gain: Mapping[str, float] | None,
    keep_bands: Sequence[str],
    mix: str | None,
    cutoff: float | None,
    edge_octaves: float,
    size: tuple[int, int] | None,
    rest: Literal["keep", "drop"] | None,
    force: bool,
) -> int:
    """Brings the pictures to the model's size, edits and writes them; `size` is width and height.

    Raises:
        ConfigError: The options do not go together, or as `edit_atoms` and `move_latents`.
    """
    moves_given = bool(directions or classes)
    atoms_given = bool(gain or keep_bands or mix)
    if moves_given == atoms_given:
        raise ConfigError(
            "with --model give either --direction and --toward, or --gain, --keep-bands and --mix"
        )
    check_output(output, force=force)
    from overtone.cli.progress import progress_bar
    from overtone.cli.reconstruct import load_pictures
    from overtone.editing.through_model import edit_atoms, move_latents
    from overtone.tasks.latents import latent_model

    moves = [_move(text, is_class=False) for text in directions]
    moves += [_move(text, is_class=True) for text in classes]
    chosen = latent_model(model, "edit")
    names, pictures = load_pictures(inputs, chosen.spec)
    out_size = size and (size[1], size[0])
    if moves_given:
        with progress_bar("editing") as progress:
            results = move_latents(
                chosen, pictures, moves, size=out_size, residual=rest or "drop", progress=progress
            )
    else:
        results = edit_atoms(
            chosen,
            pictures,
            gain=gain,
            keep_bands=keep_bands,
            mix=None if mix is None else load_pictures([mix], chosen.spec)[1],
            cutoff=cutoff,
            edge_octaves=edge_octaves,
            size=out_size,
            residual=rest or "keep",
        )[:, None]
    steps = results.shape[1]
    if steps > 1:
        names = [f"{name}-{step:02}" for name in names for step in range(steps)]
    drawn = results.reshape(-1, *results.shape[2:])
    row = next((len(move.amounts) for move in reversed(moves) if len(move.amounts) > 1), None)
    write_pictures(output, drawn, names=names, num_columns=row, force=force)
    height, width = drawn.shape[1:3]
    words = [*(f"direction {text}" for text in directions), *(f"toward {text}" for text in classes)]
    words += [f"gain of {name} {factor:g}" for name, factor in (gain or {}).items()]
    words += [f"keep-bands {','.join(keep_bands)}"] if keep_bands else []
    words += [f"mix {mix}"] if mix else []
    print(
        f"{model} -> {output}: {len(drawn)} of {width}x{height} pixels, {', '.join(words)}",
        file=sys.stderr,
    )
    return EXIT_DONE


def _move(text: str, *, is_class: bool) -> "Move":
    """What is written 3=2 or 3=-2:2:5, or bag=0:1:5."""
    from overtone.editing.through_model import Move

    name, equals, amounts = text.rpartition("=")
    name = name.strip()
    if not (equals and (is_class or name.isdecimal())):
        form = "CLASS=AMOUNT" if is_class else "NUMBER=AMOUNT"
        raise ConfigError(f"a direction is given as {form} or ...=FROM:TO:COUNT, got {text!r}")
    return Move(name if is_class else int(name), _amounts(amounts))


def _amounts(text: str) -> tuple[float, ...]:
    import numpy as np

    parts = text.split(":")
    try:
        if len(parts) == 1:
            return (float(text),)
        first, last, count = float(parts[0]), float(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        raise ConfigError(f"amounts are a number or FROM:TO:COUNT, got {text!r}") from None
    if len(parts) > 3 or not 2 <= count <= _MAX_STEPS:
        raise ConfigError(f"amounts are a number or FROM:TO:COUNT, of 2 and more; got {text!r}")
    return tuple(map(float, np.linspace(first, last, count)))
