"""Work shared among threads: order, failures, a caller that is interrupted, threads that lack."""

from __future__ import annotations

import _thread
import threading
import time
from unittest import mock

import pytest

from overtone.deadline import check_time, time_limit
from overtone.errors import FitError
from overtone.kernels.threads import map_on_threads


def test_results_are_in_the_order_of_the_items():
    def work(item: int) -> int:
        time.sleep(0.01 * (5 - item))
        return item * item

    assert map_on_threads(work, range(5), num_threads=3) == [0, 1, 4, 9, 16]


def test_no_items_are_no_work():
    assert map_on_threads(str, [], num_threads=4) == []


def test_a_failure_stops_the_others_and_is_passed_on():
    stopped = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            raise ValueError("the first one")
        if not stopped.wait(20):
            raise AssertionError("nobody said stop")
        return item

    with pytest.raises(ValueError, match="the first one"):
        map_on_threads(work, range(50), num_threads=2, stop=stopped.set)


def test_an_interrupted_caller_stops_the_threads():
    stopped = threading.Event()

    def poll(results: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_on_threads(
            lambda item: stopped.wait(20), range(9), num_threads=2, poll=poll, stop=stopped.set
        )
    assert stopped.is_set()


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
def test_without_threads_the_caller_does_the_work(error: Exception):
    caller = threading.get_ident()
    with mock.patch.object(_thread, "start_new_thread", side_effect=error):
        found = map_on_threads(lambda item: threading.get_ident(), range(3), num_threads=4)
    assert found == [caller] * 3


def test_without_threads_that_live_the_caller_does_the_work():
    with mock.patch.object(_thread, "start_new_thread"):
        assert map_on_threads(lambda item: item, range(3), num_threads=4) == [0, 1, 2]


def test_threads_see_the_limit_of_time():
    def work(item: int) -> None:
        while True:
            check_time()
            time.sleep(0.01)

    with time_limit(0.25, FitError, "waiting"), pytest.raises(FitError, match="waiting takes"):
        map_on_threads(work, range(2), num_threads=2)
