"""What the studio holds is bounded, and its queue survives what happens to the work."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import numpy as np
import pytest

from overtone.studio import jobs, worker
from overtone.studio.failures import BusyError, NotHeldError, line_about
from overtone.studio.guard import check_host
from overtone.studio.jobs import JobQueue
from overtone.studio.shelf import HeldFile, HeldPicture, Shelf
from overtone.studio.tasks import parse_request


def held(num_bytes):
    return HeldFile("image/png", bytes(num_bytes))


def test_what_was_not_asked_for_longest_makes_room():
    shelf = Shelf(max_items=3, max_bytes=1000)
    first, second, third = (shelf.put("a", held(10)) for _ in range(3))
    shelf.get(first, HeldFile)
    fourth = shelf.put("a", held(10))
    with pytest.raises(NotHeldError):
        shelf.get(second, HeldFile)
    assert all(shelf.get(key, HeldFile) for key in (third, first, fourth))
    large = shelf.put("b", held(985))  # leaves room for one of the small ones
    assert shelf.get(large, HeldFile).size_bytes == 985
    assert shelf.get(fourth, HeldFile)
    assert len(shelf) == 2
    shelf.forget("b")
    assert len(shelf) == 1
    assert [shelf.put("a", held(300)) for _ in range(2)]  # what was forgotten takes no room
    assert len(shelf) == 3


def test_a_key_opens_only_what_it_stands_for():
    shelf = Shelf(max_items=3, max_bytes=1000)
    keys = {shelf.put("a", HeldPicture("x", np.zeros((2, 3, 3), np.uint8))) for _ in range(3)}
    assert len(keys) == 3
    assert min(map(len, keys)) >= 16
    with pytest.raises(NotHeldError):
        shelf.get(keys.pop(), HeldFile)


@pytest.fixture
def queue():
    queue = JobQueue(Shelf(max_items=9, max_bytes=10**9))
    queue.start()
    yield queue
    queue.close()


def add(queue, session="a", pixels=None):
    pixels = np.zeros((20, 30, 3), np.uint8) if pixels is None else pixels
    key = queue._shelf.put(session, HeldPicture("p", pixels))
    return queue.add(session, "analyse", parse_request("analyse", {"picture": key}))


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_process_that_is_lost_fails_its_job_alone(queue):
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1600, 3), dtype=np.uint8)
    first, second = add(queue, pixels=noise), add(queue)
    until(lambda: first.state == "running" and first.message)
    queue._worker._process.kill()  # as the system does where memory runs out
    until(lambda: first.is_over and second.is_over)
    assert (first.state, second.state) == ("failed", "done")
    assert "memory" in first.error
    assert "\n" not in first.error


def test_pages_that_are_gone_without_a_word_are_not_worked_for(queue):
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1600, 3), dtype=np.uint8)
    left, waiting = add(queue, "left", noise), add(queue, "left")
    until(lambda: left.state == "running")
    for each in (left, waiting):
        each.asked_s -= 2 * jobs.FORGOTTEN_AFTER_S
    last = add(queue)
    assert (left.state, waiting.state) == ("stopped", "stopped")
    until(lambda: last.is_over)
    assert last.state == "done"


def test_a_page_is_gone_also_where_its_work_has_no_news(queue, monkeypatch):
    monkeypatch.setattr(worker, "LOOK_EVERY_S", 0.05)
    until(lambda: queue._worker._process is not None)
    os.kill(queue._worker._process.pid, signal.SIGSTOP)
    left, waiting = add(queue, "left"), add(queue, "b")
    until(lambda: left.state == "running")
    queue._shelf.forget("b")
    left.asked_s -= 2 * jobs.FORGOTTEN_AFTER_S
    until(lambda: left.is_over and waiting.is_over)
    assert left.state == "stopped"
    assert waiting.state == "failed"  # a job that waits holds no pixels
    assert "drop it once more" in waiting.error


def test_where_no_process_can_be_made_its_job_fails_alone(queue, monkeypatch):
    def refused():
        raise OSError(12, "Cannot allocate memory")

    until(lambda: queue._worker._process is not None)
    with monkeypatch.context() as short:
        short.setattr(multiprocessing.get_context("spawn"), "Pipe", refused, raising=False)
        queue._worker.stop()
        first = add(queue)
        until(lambda: first.is_over)
    assert first.state == "failed"
    assert "no process can be started for the work: Cannot allocate memory" in first.error
    second = add(queue)
    until(lambda: second.is_over)
    assert second.state == "done"


def test_more_than_can_wait_is_refused(monkeypatch):
    monkeypatch.setattr(jobs, "MAX_WAITING", 2)
    queue = JobQueue(Shelf(max_items=9, max_bytes=10**9))  # which does not work yet
    add(queue)
    add(queue)
    with pytest.raises(BusyError, match="2 jobs are waiting"):
        add(queue)


def test_what_went_wrong_is_one_line_for_the_page():
    assert line_about(MemoryError()) == (
        "not enough memory for this; try a smaller picture or fewer of them"
    )
    missing = ModuleNotFoundError("No module named 'torch'", name="torch")
    assert "pip install 'overtone-image[models]'" in line_about(missing)
    assert line_about(KeyError("a\nb")).count("\n") == 0


@pytest.mark.parametrize("host", ["10.0.0.7:8765", "[fe80::1]:8765", "localhost", "tower:8765"])
def test_a_studio_for_others_is_open_under_addresses_and_its_name(host):
    from overtone.studio.failures import ForbiddenError

    bound_to = "tower" if host.startswith("tower") else "0.0.0.0"
    check_host(host, bound_to)
    for other in ("evil.example", "", "a/b", "10.0.0.7@evil.example", "[::1"):
        with pytest.raises(ForbiddenError):
            check_host(other, bound_to)
