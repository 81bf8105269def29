"""`overtone spectrum`: what frequencies pictures are made of."""

import json
import pathlib
from typing import Annotated

from cyclopts import Parameter

import overtone
from overtone.bitstream.container import DEFAULT_MAX_PIXELS
from overtone.cli.arguments import Inputs, Output, Quiet, Recursive
from overtone.cli.exits import printable
from overtone.cli.files import check_destination, plan_jobs, suffix_of, write_bytes
from overtone.cli.outcome import Job, Outcome
from overtone.cli.sources import find_inputs, read_8_or_16_bits
from overtone.errors import ConfigError
from overtone.imaging.formats import PICTURE_SUFFIXES

MOST_NAMED = 3  # pictures in the line at the end


def spectrum(
    inputs: Inputs,
    /,
    *,
    output: Output = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    convert: bool = False,
    recursive: Recursive = False,
    force: bool = False,
    quiet: Quiet = False,
) -> int:
    """Draw the spectrum of a picture, or compare the radial profiles of several.

    Example: overtone spectrum photo.png -o spectrum.png

    Args:
        inputs: Pictures, folders of pictures, globs, or - for standard input.
        output: .png, .svg or .pdf file, or - for a PNG on standard output; by default
            photo.spectrum.png beside photo.png.
        as_json: Print the numbers, one JSON object a picture; draw only if -o is given.
        max_pixels: Refuse pictures of more pixels, before they are decoded.
        convert: Read CMYK as RGB, and the first of several frames.
        recursive: Search the folders in a folder too.
        force: Replace files that exist.
        quiet: Print errors only, and numbers with --json.
    """
    outcome = Outcome(quiet=quiet)
    sources = find_inputs(inputs, PICTURE_SUFFIXES, outcome, recursive=recursive)
    if output is None and not as_json:
        if len(sources) > 1:
            raise ConfigError("several pictures are drawn together; give the file with -o")
        (job,) = plan_jobs(sources, None, ".spectrum.png", outcome, force=force)
        output = job.destination
    elif output is not None:
        check_destination(output, force=force)
    if output is not None:
        from overtone.evaluate.rate_distortion.plot import check_matplotlib

        check_matplotlib()
    measured = {}
    for source in sources:
        with outcome.of(Job(source.path, source.path)):
            pixels = read_8_or_16_bits(source.path, convert=convert, max_pixels=max_pixels).pixels
            measured[source.path] = overtone.spectrum(pixels)
    if not measured:
        raise outcome.nothing_left()
    if output is not None:
        from overtone.editing.spectrum_plot import spectra_to_bytes

        suffix = suffix_of(output)
        names = [pathlib.PurePath(path).name for path in measured]
        names = names if len(set(names)) == len(names) else list(measured)
        spectra = dict(zip(map(printable, names), measured.values(), strict=True))
        write_bytes(output, spectra_to_bytes(spectra, suffix), force=force)
        many = len(measured) > MOST_NAMED
        outcome.say(f"{f'{len(measured)} pictures' if many else ', '.join(measured)} -> {output}")
    if as_json:
        for path, found in measured.items():
            print(json.dumps({"file": path, **found.to_json()}))
    return outcome.exit_code()
