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

from overtone.evaluate.rate_distortion.run import Job, Measured, run


def run_jobs(jobs: Sequence[Job], *, suite: str, quiet: bool = False) -> Iterator[Measured]:
    """`evaluate.run.run` with a bar over the rows; silent when standard error is no terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}"),
        console=console,
        disable=quiet or not console.is_terminal or not jobs,
        transient=False,
    ) as progress:
        task = progress.add_task("measuring", total=float(len(jobs)), note="")
        done = 0

        def report(fraction: float, message: str) -> None:
            progress.update(task, completed=done + fraction, note=message)

        for measured in run(jobs, suite=suite, progress=report):
            done += 1
            row = measured.row
            note = f"{row.codec} {row.image}: {row.rate_bpp:.3f} bpp, {row.psnr_db:.2f} dB"
            progress.update(task, completed=done, note=note)
            yield measured
