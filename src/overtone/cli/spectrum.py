"""`overtone spectrum`: what frequencies pictures are made of."""

import json
import pathlib
from typing import Annotated

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Inputs, Output
from overtone.cli.exits import EXIT_DONE, note
from overtone.cli.files import check_destination, plan_jobs, suffix_of, write_bytes
from overtone.cli.sources import PICTURE_SUFFIXES, find_inputs, read_named_picture
from overtone.errors import ConfigError


def spectrum(
    inputs: Inputs,
    /,
    *,
    output: Output = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    force: bool = False,
) -> int:
    """Draw the spectrum of a picture, or compare the radial profiles of several.

    Example: overtone spectrum photo.png -o spectrum.png

    Args:
        inputs: Pictures, folders of pictures, globs, or - for standard input.
        output: .png, .svg or .pdf file, or - for a PNG on standard output; by default
            photo.spectrum.png beside photo.png.
        as_json: Print the numbers, one JSON object a picture; draw only if -o is given.
        force: Replace files that exist.
    """
    sources = find_inputs(inputs, PICTURE_SUFFIXES)
    if output is None and not as_json:
        if len(sources) > 1:
            raise ConfigError("several pictures are drawn together; give the file with -o")
        (job,) = plan_jobs(sources, None, ".spectrum.png", force=force)
        output = job.destination
    elif output is not None:
        check_destination(output, force=force)
    measured = {source: overtone.spectrum(read_named_picture(source).pixels) for source in sources}
    if output is not None:
        from overtone.editing.spectrum_plot import spectra_to_bytes

        suffix = suffix_of(output)
        names = [pathlib.PurePath(source).name for source in sources]
        names = names if len(set(names)) == len(names) else sources
        spectra = dict(zip(names, measured.values(), strict=True))
        write_bytes(output, spectra_to_bytes(spectra, suffix), force=force)
        note(f"{', '.join(sources)} -> {output}")
    if as_json:
        for source, found in measured.items():
            print(json.dumps({"file": source, **found.to_json()}))
    return EXIT_DONE
