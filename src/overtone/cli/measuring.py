"""Progress bars of long commands: on standard error, with an estimate of the end."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from overtone.evaluate.rate_distortion.run import Measured, PlannedRow, run


def run_with_bar(
    planned: Sequence[PlannedRow], *, suite: str, quiet: bool = False
) -> Iterator[Measured]:
    """`rate_distortion.run.run` with a bar over the rows; silent unless on a terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}"),
        console=console,
        disable=quiet or not console.is_terminal or not planned,
        transient=False,
    ) as progress:
        task = progress.add_task("measuring", total=float(len(planned)), note="")
        done = 0

        def report(fraction: float, message: str) -> None:
            progress.update(task, completed=done + fraction, note=message)

        for measured in run(planned, suite=suite, progress=report):
            done += 1
            row = measured.row
            note = f"{row.codec} {row.image}: {row.rate_bpp:.3f} bpp, {row.psnr_db:.2f} dB"
            progress.update(task, completed=done, note=note)
            yield measured
