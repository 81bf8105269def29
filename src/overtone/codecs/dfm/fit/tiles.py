"""Fitting many tiles on several threads, with progress and a clean end when interrupted."""

import concurrent.futures
import threading
from collections.abc import Callable, Sequence

from overtone.codecs.dfm.fit.network import FittedNetwork, Problem, fit_network
from overtone.codecs.dfm.fit.settings import FitSettings

POLL_S = 0.2  # seconds between two calls of progress

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
            if stop.is_set():
                raise _StopError

        tile_seed = seed * len(problems) + index
        fitted = fit_network(problems[index], settings, seed=tile_seed, tick=tick)
        done[index] = expected
        return fitted

    with concurrent.futures.ThreadPoolExecutor(max_workers=num_threads) as pool:
        futures = [pool.submit(work, index) for index in range(len(problems))]
        try:
            waiting = set(futures)
            while waiting:
                finished, waiting = concurrent.futures.wait(
                    waiting, POLL_S, concurrent.futures.FIRST_COMPLETED
                )
                for future in finished:
                    future.result()
                share = sum(min(count, expected) for count in done) / (expected * len(problems))
                report(share, [f.result() if f.done() else None for f in futures])
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in futures]
