"""Rows of a comparison of codecs, measured by the workers of a cluster."""

import dataclasses
import io
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from overtone.batch import places
from overtone.batch.cluster import Cluster
from overtone.batch.plan import Picture
from overtone.batch.run import absolute
from overtone.errors import PathError
from overtone.evaluate.rate_distortion.rows import append_row
from overtone.evaluate.rate_distortion.run import (
    Measured,
    PlannedRow,
    Sample,
    Setting,
    measure_picture,
    warm_up,
)
from overtone.imaging.image import read_picture
from overtone.shapes import UInt8

_warm: set[str] = set()  # codecs whose libraries this worker has loaded


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One row to be measured.

    Attributes:
        name: Name of the picture in the rows.
        setting: How it is encoded.
        picture: Where it is.
        pixels: The picture itself, where workers may not see its file.
    """

    name: str
    setting: Setting
    picture: Picture
    pixels: UInt8[np.ndarray, "h w c"] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Measuring:
    """The work on one row.

    Attributes:
        suite: Name of the set of pictures.
        convert: Whether pictures are read that lose something by it.
    """

    suite: str
    convert: bool

    def __call__(self, task: Task) -> Measured:
        """The row, the file and the pixels decoded from it."""
        pixels = task.pixels
        if pixels is None:
            file = io.BytesIO(task.picture.read())
            pixels = read_picture(file, convert=self.convert).pixels
        if task.setting.codec not in _warm:
            _warm.add(task.setting.codec)
            warm_up(task.setting)
        return measure_picture(Sample(task.name, pixels), task.setting, suite=self.suite)


def measured_on(
    cluster: Cluster,
    planned: Sequence[PlannedRow],
    pictures: Mapping[str, Picture],
    measuring: Measuring,
    on_error: Callable[[PlannedRow, Exception], None],
) -> Iterator[Measured]:
    """Measures each planned row, appends its row to its file, and yields it, in any order.

    Args:
        cluster: The workers.
        planned: What is to be measured.
        pictures: Name of each sample to where it is.
        measuring: The work on one row.
        on_error: Called for a row that cannot be measured, which does not stop the others.
    """
    by_task: dict[tuple[str, Setting], PlannedRow] = {
        (each.sample.name, each.setting): each for each in planned
    }
    unseen: list[PlannedRow] = []

    def tasks(rows: Sequence[PlannedRow], *, sends: bool) -> Iterator[Task]:
        for row in rows:
            where = pictures[row.sample.name]
            here = dataclasses.replace(where, address=absolute(where.address))
            is_sent = sends or places.is_of_one_process(where.address)
            pixels = row.sample.image if is_sent else None
            yield Task(row.sample.name, row.setting, here, pixels)

    for sends in (False, True):
        rows = unseen if sends else planned
        for task, result in cluster.finished(measuring, tasks(rows, sends=sends)):
            row = by_task[task.name, task.setting]
            if isinstance(result, Measured):
                append_row(row.path, result.row)
                yield result
            elif isinstance(result, PathError) and task.pixels is None:
                unseen.append(row)
            else:
                on_error(row, result)
