"""Steps that take turns, timed on a machine that others may use."""

import pathlib
import statistics
import time
from collections.abc import Callable
from typing import Any

SETTLE_S = 0.02  # threads of the step before may spin that long
MAX_TRY_S = 1.0  # after that long, a disturbed run has to do
MAX_QUEUED_SHARE = 0.02  # of a run's time, over all threads
TimedStep = Callable[[], Any]


def interleaved(steps: dict[str, TimedStep], repeats: int) -> tuple[dict[str, float], int]:
    """Median seconds of each step, and how many runs were disturbed for all that.

    The steps take turns, so all see the same machine.
    """
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    num_disturbed = 0
    for _ in range(repeats):
        for name, step in steps.items():
            queued_share, elapsed = quietest_run(step)
            seconds[name].append(elapsed)
            num_disturbed += queued_share > MAX_QUEUED_SHARE
    return {name: statistics.median(times) for name, times in seconds.items()}, num_disturbed


def quietest_run(step: TimedStep) -> tuple[float, float]:
    """(share of its time that our threads waited for a core, seconds) of one run.

    A run that other programs disturbed is repeated for a while; the least disturbed one counts.
    """
    runs = []
    deadline = time.perf_counter() + MAX_TRY_S
    while not runs or (min(runs)[0] > MAX_QUEUED_SHARE and time.perf_counter() < deadline):
        time.sleep(SETTLE_S)
        step()  # warms up caches, clocks and threads again
        queued, start = queued_s(), time.perf_counter()
        step()
        elapsed = time.perf_counter() - start
        runs.append(((queued_s() - queued) / elapsed, elapsed))
    return min(runs)


def queued_s() -> float:
    """Seconds this process's threads were ready but had no core; 0 where Linux does not tell."""
    tasks = pathlib.Path("/proc/self/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[1]) for task in tasks) * 1e-9
