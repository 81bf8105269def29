"""With little memory or few threads every call is done, or ends with an error of one line."""

from __future__ import annotations

import json
import multiprocessing
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from helpers import scene

from overtone.codecs.registry import decode, encode
from overtone.errors import LimitExceededError
from overtone.kernels import fourier
from overtone.kernels.fourier import NetSpec, Runner

SCRIPT = pathlib.Path(__file__).with_name("short_of_resources.py")
SPEC = NetSpec(input_scales=(0.5, 1.0), hidden=(4, 4))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")
def test_a_shortage_ends_in_a_result_or_an_error():
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 12
    for row in rows:
        assert row.keys() <= {"codec", "call", "limit", "done", "error"}, (row, done.stderr)
        if row["limit"] == "threads":
            assert "error" not in row, (row, done.stderr)


@pytest.mark.parametrize("codec", ["tiled-dct", "sparse-dct"])
def test_any_number_of_threads_is_enough_for_a_picture(codec: str):
    image = scene(70, 150)
    file = encode(image, codec=codec, effort="fast", num_threads=1)
    np.testing.assert_array_equal(decode(file, num_threads=1), decode(file, num_threads=256))


def test_a_kernel_takes_no_more_threads_than_it_can():
    weights = np.random.default_rng(0).normal(0, 0.1, SPEC.num_weights).astype(np.float32)
    positions = np.random.default_rng(1).random((2, 300), np.float32)
    alone = Runner(SPEC).forward(weights, positions)
    np.testing.assert_array_equal(Runner(SPEC, num_threads=5000).forward(weights, positions), alone)


def _forward_in_child(runner: Runner, weights: np.ndarray, positions: np.ndarray, queue) -> None:
    queue.put(runner.forward(weights, positions))


def test_a_runner_works_on_after_a_fork():
    weights = np.random.default_rng(0).normal(0, 0.1, SPEC.num_weights).astype(np.float32)
    positions = np.random.default_rng(1).random((2, 3000), np.float32)
    runner = Runner(SPEC, num_threads=3)
    before = runner.forward(weights, positions)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_forward_in_child, args=(runner, weights, positions, queue))
    child.start()
    np.testing.assert_array_equal(queue.get(timeout=30), before)
    child.join(30)
    assert child.exitcode == 0
    np.testing.assert_array_equal(runner.forward(weights, positions), before)


def test_a_runner_that_is_not_used_in_a_child_does_not_hold_it_up():
    runner = Runner(SPEC, num_threads=3)
    context = multiprocessing.get_context("fork")
    child = context.Process(target=runner.__class__.isa.fget, args=(runner,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert fourier.supported_isas()


def test_a_shrunken_limit_is_told_before_anything_is_decoded():
    file = encode(scene(20, 30), effort="fast", num_threads=1)
    with pytest.raises(LimitExceededError, match="over the limit of 599"):
        decode(file, max_pixels=599)
