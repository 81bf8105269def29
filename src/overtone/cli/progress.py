"""Progress on standard error: a bar on a terminal, and elsewhere a line now and then."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from overtone.cli.exits import note, printable
from overtone.cli.interrupts import raise_again

if TYPE_CHECKING:
    from overtone.codecs.base import ProgressCallback
    from overtone.evaluate.rate_distortion.run import Measured, PlannedRow
    from overtone.training.loop import TrainProgress, TrainProgressCallback

# Without a terminal: seconds until the first line, and between lines after it.
FIRST_LINE_S = 10.0
LINE_EVERY_S = 60.0


@contextlib.contextmanager
def progress_bar(name: str, *, quiet: bool = False) -> "Iterator[ProgressCallback | None]":
    """Yields what to call with the fraction done and a message; None if nothing is to be shown."""
    raise_again()
    if quiet:
        yield None
        return
    with _bar(name) if sys.stderr.isatty() else _lines(name) as report:
        yield report


@contextlib.contextmanager
def _bar(name: str) -> "Iterator[ProgressCallback]":
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
            raise_again()
            progress.update(task, completed=fraction, message=message)

        yield report


@contextlib.contextmanager
def _lines(name: str) -> "Iterator[ProgressCallback]":
    """The lines come from a thread of their own, so that work which reports nothing is seen too."""
    latest = (0.0, "")
    started = time.monotonic()
    ended = threading.Event()

    def report(fraction: float, message: str) -> None:
        nonlocal latest
        raise_again()
        latest = (fraction, message)

    def speak() -> None:
        wait_s = FIRST_LINE_S
        while not ended.wait(wait_s):
            wait_s = LINE_EVERY_S
            line = progress_line(name, *latest, time.monotonic() - started)
            with contextlib.suppress(OSError, ValueError):  # standard error may be closed
                note(line)

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        ended.set()
        thread.join()


def progress_line(name: str, fraction: float, message: str, elapsed_s: float) -> str:
    """How far work has come, in one line: `encoding: 40 % after 1:05, 0.31 bpp`."""
    minutes, seconds = divmod(int(elapsed_s), 60)
    line = f"{name}: {100 * fraction:.0f} % after {minutes}:{seconds:02}"
    return f"{line}, {message}" if message else line


@contextlib.contextmanager
def training_bar(*, quiet: bool = False) -> "Iterator[TrainProgressCallback | None]":
    """The same with the loss, images a second and the time left."""
    with progress_bar("training", quiet=quiet) as report:
        if report is None:
            yield None
            return

        def show(progress: "TrainProgress") -> None:
            if progress.is_fitting:
                report(progress.fraction, f"step {progress.step}, fitting what comes last")
                return
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
    """`overtone.evaluate.rate_distortion.run.run` with the progress over all rows."""
    from overtone.evaluate.rate_distortion.run import run

    total = max(1, len(planned))
    done = 0
    with progress_bar("measuring", quiet=quiet or not planned) as report:

        def show(fraction: float, message: str) -> None:
            if report is not None:
                report((done + fraction) / total, f"{done} of {total} rows, {message}")

        for measured in run(planned, suite=suite, progress=show, on_error=on_error):
            done += 1
            row = measured.row
            show(
                0,
                f"{row.codec} {printable(row.image)}: {row.rate_bpp:.3f} bpp, {row.psnr_db:.2f} dB",
            )
            yield measured
