"""What the Python face of the Fourier kernels refuses, and how it says so."""

from typing import Any, cast

import numpy as np
import pytest

from overtone.kernels.fourier import NetSpec, Runner, supported_isas

SPEC = NetSpec(hidden=(2,))
WEIGHTS = np.zeros(SPEC.num_weights, np.float32)
POSITIONS = np.zeros((2, 5), np.float32)
TARGETS = np.zeros((3, 5), np.float32)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"num_axes": 0}, "1..10, got 0"),
        ({"num_axes": 4, "input_scales": (1.0, 2.0, 3.0)}, "got 12"),
        ({"input_scales": ()}, "got 0"),
        ({"input_scales": (float("nan"),)}, "must be finite"),
        ({"hidden": (6, 11)}, "hidden widths must be in 1..10, got 11"),
        ({"hidden": (0,)}, "got 0"),
        ({"num_outputs": 5}, "num_outputs must be in 1..4, got 5"),
        ({"output": "relu"}, "linear or tanh, got 'relu'"),
    ],
)
def test_impossible_networks_are_refused(fields: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        NetSpec(**fields)


@pytest.mark.parametrize("num_threads", [0, -1])
def test_impossible_thread_counts_are_refused(num_threads: int):
    with pytest.raises(ValueError, match=f"num_threads must be at least 1, got {num_threads}"):
        Runner(SPEC, num_threads=num_threads)


def test_an_unknown_instruction_set_is_refused():
    with pytest.raises(ValueError, match="auto, baseline, avx2 or avx512, got sse9"):
        Runner(SPEC, isa=cast(Any, "sse9"))


def test_auto_takes_the_best_instruction_set():
    assert Runner(SPEC).isa == supported_isas()[-1]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (WEIGHTS.astype("f8"), "weights must be a float32 array, got float64"),
        (WEIGHTS.tolist(), "float32 array, got list"),
        (np.zeros(2 * WEIGHTS.size, np.float32)[::2], "C-contiguous"),
        (WEIGHTS[1:], r"weights must be \(40,\) or \(networks, 40\), got \(39,\)"),
        (np.full_like(WEIGHTS, np.nan), r"weights must be finite, got nan at \(0,\)"),
    ],
)
def test_bad_weights_are_refused(weights: Any, message: str):
    with pytest.raises(ValueError, match=message):
        Runner(SPEC).forward(weights, POSITIONS)


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        (POSITIONS.T, "C-contiguous"),
        (POSITIONS[:1], r"positions must be \(2, pixels\), got \(1, 5\)"),
        (POSITIONS[0], r"positions must be \(2, pixels\), got \(5,\)"),
        (POSITIONS.astype("i4"), "float32 array, got int32"),
        (np.full_like(POSITIONS, np.inf), "positions must be finite, got inf"),
    ],
)
def test_bad_positions_are_refused(positions: Any, message: str):
    with pytest.raises(ValueError, match=message):
        Runner(SPEC).forward(WEIGHTS, positions)


def test_targets_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"targets must be \(3, 5\), got \(3, 4\)"):
        Runner(SPEC).loss_gradient(WEIGHTS, POSITIONS, np.zeros((3, 4), np.float32))


def test_cotangents_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"cotangents must be \(3, 5\), got \(2, 5\)"):
        Runner(SPEC).vjp(WEIGHTS, POSITIONS, np.zeros((2, 5), np.float32))


def test_batches_and_single_networks_are_told_apart():
    with pytest.raises(ValueError, match="one network; see vjp_batch"):
        Runner(SPEC).vjp(np.zeros((4, 40), np.float32), POSITIONS, TARGETS)
    with pytest.raises(ValueError, match="got one network"):
        Runner(SPEC).vjp_batch(WEIGHTS, POSITIONS, TARGETS)
    with pytest.raises(ValueError, match=r"targets must be \(4, 3, 5\), got \(3, 5\)"):
        Runner(SPEC).loss_gradient(np.zeros((4, 40), np.float32), POSITIONS, TARGETS)


def test_own_positions_need_a_batch_of_their_length():
    spec = NetSpec(num_axes=2, num_outputs=1)
    runner = Runner(spec)
    weights = np.zeros((3, spec.num_weights), np.float32)
    positions, cotangents = np.zeros((2, 2, 5), np.float32), np.zeros((2, 1, 5), np.float32)
    with pytest.raises(ValueError, match=r"positions must be \(2, pixels\)"):
        runner.forward(weights, positions)
    with pytest.raises(ValueError, match=r"positions must be \(2, pixels\)"):
        runner.vjp_each(weights, positions, cotangents)
    with pytest.raises(ValueError, match=r"got \(8,\) and"):
        runner.vjp_each(weights[0], positions, cotangents)
    with pytest.raises(ValueError, match=r"got \(3, 8\) and \(2, 5\)"):
        runner.vjp_each(weights, positions[0], cotangents)


def test_render_needs_two_axes_a_size_and_a_range():
    grid = {"origin": (0.0, 0.0), "step": (1.0, 1.0)}
    line = NetSpec(num_axes=1)
    with pytest.raises(ValueError, match="one network with two axes"):
        Runner(line).render(np.zeros(line.num_weights, np.float32), width=1, height=1, **grid)
    with pytest.raises(ValueError, match="width and height must be positive, got 0x3"):
        Runner(SPEC).render(WEIGHTS, width=0, height=3, **grid)
    with pytest.raises(ValueError, match=r"value_range must ascend, got \(1, 1\)"):
        Runner(SPEC).render(WEIGHTS, width=2, height=3, value_range=(1, 1), **grid)


def test_no_pixels_are_no_error():
    positions, targets = np.zeros((2, 0), np.float32), np.zeros((3, 0), np.float32)
    loss, gradient = Runner(SPEC, num_threads=2).loss_gradient(WEIGHTS, positions, targets)
    assert loss == 0
    assert not gradient.any()
