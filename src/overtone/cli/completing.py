"""What `colorize` and `upscale` have in common: pictures in, rows of results out."""

import dataclasses
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from overtone.cli.exits import EXIT_DONE
from overtone.cli.pictures import check_output, write_pictures
from overtone.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np


def complete(
    draw: "Callable[..., np.ndarray]",
    images: Sequence[str],
    model: str,
    output: str,
    *,
    shrink: int,
    num_results: int,
    seed: int,
    temperature: float,
    class_name: str | None,
    originals: bool,
    force: bool,
) -> int:
    """Draws `num_results` results of each picture and writes them.

    Args:
        draw: `overtone.models.dct_transformer.complete.colorize` or `upscale`.
        images: Pictures, folders, globs.
        model: Name, file or run.
        output: Where results go, as in `write_pictures`.
        shrink: The pictures given are that many times smaller than the model's.
        num_results: Of each picture.
        seed: Of everything random.
        temperature: Spread of the results.
        class_name: Of all of them, or None.
        originals: Whether each row begins with the picture given.
        force: Replace files that exist.
    """
    check_output(output, force=force)
    import numpy as np

    from overtone.cli.progress import progress_bar
    from overtone.cli.reconstruct import load_pictures
    from overtone.data.pixels import resized
    from overtone.models.store import load_model

    chosen = load_model(model)
    if shrink < 1:
        raise ConfigError(f"--factor must be 2, 4, ..., got {shrink}")
    spec = chosen.spec
    small = dataclasses.replace(
        spec, height=max(1, spec.height // shrink), width=max(1, spec.width // shrink)
    )
    names, given = load_pictures(images, small)
    with progress_bar("drawing") as progress:
        results = draw(
            chosen,
            given,
            num_results=num_results,
            seed=seed,
            temperature=temperature,
            class_name=class_name,
            progress=progress,
        )
    titles = [f"-{number}" for number in range(num_results)] if num_results > 1 else [""]
    if originals:
        before = resized(given, results.shape[2:4])
        results = np.concatenate([before[:, None], results], axis=1)
        titles = ["-original", *titles]
    columns = results.shape[1]
    pictures = results.reshape(-1, *results.shape[2:])
    names = [f"{name}{title}" for name in names for title in titles]
    write_pictures(output, pictures, names=names, num_columns=columns, force=force)
    height, width = results.shape[2:4]
    print(
        f"{model} -> {output}: {num_results} of {width}x{height} pixels for each of "
        f"{len(results)}, seed {seed}",
        file=sys.stderr,
    )
    return EXIT_DONE
