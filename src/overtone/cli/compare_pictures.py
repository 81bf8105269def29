"""The pictures of a comparison, and their rows, measured in this process or on a cluster."""

import io
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from overtone.batch import places
from overtone.batch.comparing import Measuring, measured_on
from overtone.batch.plan import Picture
from overtone.batch.run import check_seen
from overtone.cli.cluster import OnCluster, Request, in_words
from overtone.cli.cluster_inputs import found_pictures
from overtone.cli.exits import account_of
from overtone.cli.outcome import Job, Outcome
from overtone.cli.progress import progress_bar, run_with_bar
from overtone.cli.sources import find_inputs, read_8_bits
from overtone.codecs.registry import get_codec
from overtone.errors import ConversionNeededError
from overtone.evaluate.rate_distortion.run import Measured, PlannedRow, Sample, as_held_by
from overtone.imaging.formats import PICTURE_SUFFIXES
from overtone.imaging.image import read_picture
from overtone.shapes import UInt8


def found_samples(
    request: Request,
    codecs: Sequence[str],
    outcome: Outcome,
    on_cluster: OnCluster,
    *,
    convert: bool,
) -> tuple[list[Sample], dict[str, Picture]]:
    """The pictures that can be read and that every codec can hold, and where each of them is.

    Their names tell them apart.

    Raises:
        DataError: None of them can.
    """
    chosen = [get_codec(name) for name in codecs]
    found = _found(request, outcome, on_cluster)
    names = [
        str(pathlib.PurePath(each.below or "", pathlib.PurePath(each.source).stem))
        for each in found
    ]
    samples: list[Sample] = []
    where: dict[str, Picture] = {}
    for picture, name in zip(found, names, strict=True):
        with outcome.of(Job(picture.source, picture.source)):
            pixels = _pixels_of(picture, convert=convert)
            for codec in chosen:
                as_held_by(codec, pixels)
            own = name if names.count(name) == 1 else picture.source
            samples.append(Sample(own, pixels))
            where[own] = picture
    if not samples:
        raise outcome.nothing_left()
    return samples, where


def measured_rows(
    planned: Sequence[PlannedRow],
    where: Mapping[str, Picture],
    measuring: Measuring,
    outcome: Outcome,
    on_cluster: OnCluster,
    codec: str,
) -> list[Measured]:
    """Measures each planned row and appends it to its file; those of one codec, with their pixels.

    Args:
        planned: What is to be measured.
        where: Name of each picture to where it is.
        measuring: How it is measured.
        outcome: Takes note of failures.
        on_cluster: Where it is measured.
        codec: That whose pictures may be shown; what others make of them is not kept.
    """

    def fail(row: PlannedRow, error: Exception) -> None:
        source = f"{row.sample.name} with {row.setting.codec}"
        outcome.fail(source, account_of(in_words(error)))

    if on_cluster.address is None:
        rows = run_with_bar(planned, suite=measuring.suite, on_error=fail)
        return [each for each in rows if each.row.codec == codec]
    if not planned:
        return []
    kept = []
    with on_cluster.connected() as cluster, progress_bar("measuring") as report:
        for number, each in enumerate(measured_on(cluster, planned, where, measuring, fail), 1):
            if report is not None:
                report(number / len(planned), f"{number} of {len(planned)} rows")
            if each.row.codec == codec:
                kept.append(each)
    return kept


def _found(request: Request, outcome: Outcome, on_cluster: OnCluster) -> list[Picture]:
    if on_cluster.address is not None:
        found = found_pictures(
            request.inputs,
            PICTURE_SUFFIXES,
            outcome,
            recursive=request.recursive,
            output=request.output,
        )
        check_seen([each.address for each in found], is_local=on_cluster.is_local)
        return found
    sources = find_inputs(
        request.inputs,
        PICTURE_SUFFIXES,
        outcome,
        recursive=request.recursive,
        output=request.output,
    )
    return [Picture(each.path, each.path, each.below) for each in sources]


def _pixels_of(picture: Picture, *, convert: bool) -> UInt8[np.ndarray, "h w c"]:
    if picture.member is None and not places.is_remote(picture.address):
        return read_8_bits(picture.address, convert=convert).pixels
    try:
        return read_picture(io.BytesIO(picture.read()), convert=convert).pixels
    except ConversionNeededError as error:
        raise in_words(error) from error
