"""Progress bars on standard error when that is a terminal, and silence otherwise."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from overtone.cli.exits import printable

if TYPE_CHECKING:
    from overtone.codecs.base import ProgressCallback
    from overtone.evaluate.rate_distortion.run import Measured, PlannedRow
    from overtone.training.loop import TrainProgress, TrainProgressCallback


@contextlib.contextmanager
def progress_bar(name: str) -> "Iterator[ProgressCallback | None]":
    """Yields what to call with the fraction done and a message; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[message]}", markup=False),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(printable(name), total=1.0, message="")

        def report(fraction: float, message: str) -> None:
            progress.update(task, completed=fraction, message=message)

        yield report


@contextlib.contextmanager
def training_bar() -> "Iterator[TrainProgressCallback | None]":
    """A bar with the loss, images a second and the time left; nothing without a terminal."""
    with progress_bar("training") as report:
        if report is None:
            yield None
            return

        def show(progress: "TrainProgress") -> None:
            minutes, seconds = divmod(round(min(progress.remaining_s, 359999)), 60)
            report(
                progress.fraction,
                f"step {progress.step}, loss {progress.loss:.4g}, "
                f"{progress.images_per_s:.0f} images/s, {minutes}:{seconds:02} left",
            )

        yield show


def run_with_bar(
    planned: "Sequence[PlannedRow]",
    *,
    suite: str,
    quiet: bool = False,
    on_error: "Callable[[PlannedRow, Exception], None] | None" = None,
) -> "Iterator[Measured]":
    """`overtone.evaluate.rate_distortion.run.run` with a bar over the rows, on a terminal only."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from overtone.evaluate.rate_distortion.run import run

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    console = Console(stderr=True)
    disable = quiet or not console.is_terminal or not planned
    with Progress(*columns, console=console, disable=disable, transient=False) as progress:
        task = progress.add_task("measuring", total=float(len(planned)), note="")
        done = 0

        def report(fraction: float, message: str) -> None:
            progress.update(task, completed=done + fraction, note=message)

        for measured in run(planned, suite=suite, progress=report, on_error=on_error):
            done += 1
            row = measured.row
            note = (
                f"{row.codec} {printable(row.image)}: {row.rate_bpp:.3f} bpp, {row.psnr_db:.2f} dB"
            )
            progress.update(task, completed=done, note=note)
            yield measured
