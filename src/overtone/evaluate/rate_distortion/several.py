"""Rows of several folders of results, put together for one table, page and figure."""

import dataclasses
import pathlib
from collections.abc import Sequence

from overtone.errors import ConfigError
from overtone.evaluate.rate_distortion.plot import curves_svg
from overtone.evaluate.rate_distortion.report import report_html
from overtone.evaluate.rate_distortion.rows import Row, current_rows, read_rows
from overtone.evaluate.rate_distortion.table import RATES_BPP
from overtone.files import write_atomically


def rows_of(folders: Sequence[pathlib.Path]) -> list[Row]:
    """The current rows of each folder or file, of all of them.

    What two folders have measured by different code or on different pictures stays apart: in the
    second, the codec's name has the folder's after it. Rows that are the same count once.

    Raises:
        ConfigError: A folder has no rows, or a line is none.
    """
    found: dict[tuple[object, ...], list[Row]] = {}
    for folder in folders:
        rows = current_rows(read_rows(folder))
        if not rows:
            raise ConfigError(f"no rows in {folder}; give a folder that overtone compare wrote")
        by_codec: dict[tuple[object, ...], list[Row]] = {}
        for row in rows:
            by_codec.setdefault((row.codec, row.preset, row.effort), []).append(row)
        for key, group in by_codec.items():
            if found.get(key, group) == group:
                found[key] = group
                continue
            name = f"{key[0]} in {folder.name}"
            renamed = [dataclasses.replace(row, codec=name) for row in group]
            found.setdefault((name, *key[1:]), []).extend(renamed)
    return [row for group in found.values() for row in group]


def rates_of(rows: Sequence[Row]) -> tuple[float, ...]:
    """The rates in bits per pixel that were searched for; the usual ones if none was."""
    searched = {row.target_bpp for row in rows if row.target_bpp is not None}
    return tuple(sorted(searched)) or RATES_BPP


def write_report(
    rows: Sequence[Row], folder: pathlib.Path, *, title: str, rates_bpp: Sequence[float]
) -> list[pathlib.Path]:
    """Writes `curves.svg` and a `report.html` without pictures; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "curves.svg", folder / "report.html"]
    write_atomically(written[0], curves_svg(rows).encode())
    write_atomically(written[1], report_html(title=title, rows=rows, rates_bpp=rates_bpp).encode())
    return written
