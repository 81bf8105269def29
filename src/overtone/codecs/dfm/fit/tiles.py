"""Fitting many tiles on several threads, with progress and a clean end when interrupted."""

import threading
from collections.abc import Callable, Sequence

from overtone.codecs.dfm.fit.network import FittedNetwork, Problem, fit_network
from overtone.codecs.dfm.fit.settings import FitSettings
from overtone.deadline import check_time
from overtone.kernels.threads import map_on_threads

Report = Callable[[float, Sequence[FittedNetwork | None]], None]


class _StopError(Exception):
    """Raised inside a worker to leave its fit."""


def fit_tiles(
    problems: Sequence[Problem],
    settings: FitSettings,
    *,
    seed: int,
    num_threads: int,
    report: Report = lambda fraction, fitted: None,
) -> list[FittedNetwork]:
    """One network a tile. The result does not depend on the number of threads.

    Args:
        problems: The tiles.
        settings: Settings of every fit.
        seed: Tile i draws from `seed` and i alone.
        num_threads: Tiles fitted at the same time.
        report: Called from this thread now and then with the share of the steps made and what is
            ready; whatever it raises (KeyboardInterrupt too) stops all work and is passed on.

    Raises:
        FitError: A tile collapsed in every attempt.
    """
    stop = threading.Event()
    done = [0] * len(problems)
    expected = settings.num_steps
    if settings.num_starts > 1:
        expected += settings.num_starts * round(settings.num_steps * settings.start_fraction)

    def work(index: int) -> FittedNetwork:
        def tick(steps: int) -> None:
            done[index] += steps
            check_time()
            if stop.is_set():
                raise _StopError

        tile_seed = seed * len(problems) + index
        fitted = fit_network(problems[index], settings, seed=tile_seed, tick=tick)
        done[index] = expected
        return fitted

    def poll(fitted: Sequence[FittedNetwork | None]) -> None:
        share = sum(min(count, expected) for count in done) / (expected * len(problems))
        report(share, fitted)

    return map_on_threads(
        work, range(len(problems)), num_threads=num_threads, poll=poll, stop=stop.set
    )
