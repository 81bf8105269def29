"""The Fourier kernels against their float64 twin, on every instruction set."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overtone.kernels import fourier_twin
from overtone.kernels.fourier import Isa, NetSpec, Runner, supported_isas

ISAS = ("baseline", "avx2", "avx512")
# Coefficients this small keep the composition from amplifying float32 rounding, so that the
# tolerance tests the kernel and not the chaos of the map.
SCALE = 0.05

SPECS = {
    "one layer": NetSpec(),
    "thesis": NetSpec(hidden=(6,) * 7, output="tanh"),
    "thesis, wide": NetSpec(hidden=(8,) * 5, output="tanh"),
    "octaves": NetSpec(input_scales=(0.5, 1.0, 2.0), hidden=(6, 6, 6)),
    "every width": NetSpec(hidden=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), num_outputs=4),
    "pairs": NetSpec(hidden=(3, 3, 7, 7), num_outputs=1),
    "wide pairs": NetSpec(hidden=(9, 9, 10, 10), num_outputs=1),
    "one axis": NetSpec(num_axes=1, hidden=(5, 5, 4, 4), num_outputs=2),
    "ten inputs": NetSpec(num_axes=5, input_scales=(1.0, 0.25), num_outputs=1),
    "no residual": NetSpec(hidden=(6, 6, 6), has_residual=False),
}
NUM_PIXELS = (1, 63, 321)


@pytest.fixture(params=ISAS)
def isa(request: pytest.FixtureRequest) -> Isa:
    if request.param not in supported_isas():
        pytest.skip(f"this processor lacks {request.param}")
    return request.param


def problem(
    spec: NetSpec, num_pixels: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, positions and targets."""
    rng = np.random.default_rng(seed)
    scales = [np.full(layer.size, SCALE / np.sqrt(2.0**layer.num_inputs)) for layer in spec.layers]
    weights = rng.normal(size=spec.num_weights) * np.concatenate(scales)
    positions = rng.uniform(-1, 1, (spec.num_axes, num_pixels))
    targets = rng.uniform(-1, 1, (spec.num_outputs, num_pixels))
    return weights.astype("f4"), positions.astype("f4"), targets.astype("f4")


def relative_error(actual: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize("num_pixels", NUM_PIXELS)
@pytest.mark.parametrize("name", SPECS)
def test_values_and_gradients_equal_the_twin(name: str, num_pixels: int, isa: Isa):
    spec = SPECS[name]
    weights, positions, targets = problem(spec, num_pixels)
    runner = Runner(spec, num_threads=2, isa=isa)
    loss, gradient = runner.loss_gradient(weights, positions, targets)
    by_weight, by_position = runner.vjp(weights, positions, targets)
    expected_loss, expected_gradient = fourier_twin.loss_gradient(spec, weights, positions, targets)
    expected_vjp = fourier_twin.vjp(spec, weights, positions, targets)

    values = runner.forward(weights, positions)
    assert relative_error(values, fourier_twin.forward(spec, weights, positions)) < 1e-5
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert relative_error(gradient, expected_gradient) < 1e-5
    assert relative_error(by_weight, expected_vjp[0]) < 1e-5
    assert relative_error(by_position, expected_vjp[1]) < 1e-5


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    num_axes=st.integers(1, 3),
    input_scales=st.sampled_from([(1.0,), (0.5, 1.0, 2.0), (1.0, 3.0)]),
    hidden=st.lists(st.integers(1, 10), max_size=4),
    num_outputs=st.integers(1, 4),
    has_residual=st.booleans(),
    output=st.sampled_from(["linear", "tanh"]),
    num_pixels=st.integers(1, 300),
)
def test_any_network_equals_the_twin(num_pixels: int, hidden: list[int], **fields):
    spec = NetSpec(hidden=tuple(hidden), **fields)
    weights, positions, targets = problem(spec, num_pixels)
    loss, gradient = Runner(spec).loss_gradient(weights, positions, targets)
    expected_loss, expected_gradient = fourier_twin.loss_gradient(spec, weights, positions, targets)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert relative_error(gradient, expected_gradient) < 1e-5


def test_the_twin_agrees_with_finite_differences():
    spec = NetSpec(input_scales=(0.5, 1.0), hidden=(3, 3), output="tanh")
    weights, positions, targets = problem(spec, 5)
    _, gradient = fourier_twin.loss_gradient(spec, weights, positions, targets)
    _, by_position = fourier_twin.vjp(spec, weights, positions, targets)
    step = 1e-6
    for i in range(0, spec.num_weights, 7):
        nudge = np.zeros(spec.num_weights)
        nudge[i] = step
        high = fourier_twin.loss_gradient(spec, weights + nudge, positions, targets)[0]
        low = fourier_twin.loss_gradient(spec, weights - nudge, positions, targets)[0]
        assert (high - low) / (2 * step) == pytest.approx(gradient[i], rel=1e-5, abs=1e-7)
    for i in np.ndindex(positions.shape):
        nudge = np.zeros(positions.shape)
        nudge[i] = step
        high = np.sum(fourier_twin.forward(spec, weights, positions + nudge) * targets)
        low = np.sum(fourier_twin.forward(spec, weights, positions - nudge) * targets)
        assert (high - low) / (2 * step) == pytest.approx(by_position[i], rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("num_axes_width_depth", [(8, 6, 22_080), (6, 7, 5_040), (10, 3, 47_184)])
def test_the_published_weight_counts_hold(num_axes_width_depth: tuple[int, int, int]):
    width, depth, num_weights = num_axes_width_depth
    spec = NetSpec(hidden=(width,) * depth)
    assert spec.num_weights == num_weights
    assert spec.num_weights == 2 * (4 * width + (depth - 1) * 2**width * width + 2**width * 3)


def test_the_sine_of_frequency_zero_is_dead(isa: Isa):
    spec = NetSpec(hidden=(4, 4))
    weights, positions, targets = problem(spec, 50)
    runner = Runner(spec, isa=isa)
    dead = np.zeros(spec.num_weights, bool)
    at = 0
    for layer in spec.layers:
        dead[at + layer.size // 2 :][: layer.num_outputs] = True
        at += layer.size
    before = runner.loss_gradient(weights, positions, targets)
    weights[dead] = 100.0
    after = runner.loss_gradient(weights, positions, targets)
    assert (before[1][dead] == 0).all()
    np.testing.assert_array_equal(before[1], after[1])


def test_far_positions_stay_as_accurate_as_their_float32_phase(isa: Isa):
    spec = NetSpec(num_axes=1)
    weights, _, _ = problem(spec, 1)
    positions = np.linspace(-1000, 1000, 999, dtype=np.float32)[None]
    values = Runner(spec, isa=isa).forward(weights, positions)
    # One float32 step at 1,000 is 6e-5 of a turn.
    assert relative_error(values, fourier_twin.forward(spec, weights, positions)) < 1e-4


@pytest.mark.parametrize("num_threads", [1, 2, 3])
def test_the_same_threads_give_the_same_bits(num_threads: int):
    spec = SPECS["thesis"]
    weights, positions, targets = problem(spec, 2000)
    runs = [
        Runner(spec, num_threads=num_threads).loss_gradient(weights, positions, targets)
        for _ in range(4)
    ]
    for loss, gradient in runs[1:]:
        assert loss == runs[0][0]
        np.testing.assert_array_equal(gradient, runs[0][1])


@pytest.mark.parametrize("num_threads", [1, 2])
def test_a_batch_equals_its_networks_one_by_one(num_threads: int, isa: Isa):
    spec = NetSpec(hidden=(6, 6), output="tanh")
    weights = np.stack([problem(spec, 1, seed)[0] for seed in range(5)])
    positions = problem(spec, 15 * 13)[1]
    targets = np.stack([problem(spec, 15 * 13, seed)[2] for seed in range(5)])
    runner = Runner(spec, num_threads=num_threads, isa=isa)
    single = Runner(spec, isa=isa)
    values = runner.forward(weights, positions)
    losses, gradients = runner.loss_gradient(weights, positions, targets)
    by_weight = runner.vjp_batch(weights, positions, targets)
    for b in range(5):
        loss, gradient = single.loss_gradient(weights[b], positions, targets[b])
        np.testing.assert_array_equal(values[b], single.forward(weights[b], positions))
        np.testing.assert_array_equal(gradients[b], gradient)
        np.testing.assert_array_equal(
            by_weight[b], single.vjp(weights[b], positions, targets[b])[0]
        )
        assert np.asarray(losses)[b] == loss


@pytest.mark.parametrize("num_threads", [1, 2])
def test_networks_at_positions_of_their_own_are_single_networks(num_threads: int, isa: Isa):
    spec = NetSpec(num_axes=3, hidden=(4, 4), num_outputs=2)
    weights = np.stack([problem(spec, 7 * 5, seed)[0] for seed in range(5)])
    positions = np.stack([problem(spec, 7 * 5, seed)[1] for seed in range(5)])
    cotangents = np.stack([problem(spec, 7 * 5, seed)[2] for seed in range(5)])
    runner = Runner(spec, num_threads=num_threads, isa=isa)
    single = Runner(spec, isa=isa)
    values = runner.forward(weights, positions)
    by_weight, by_position = runner.vjp_each(weights, positions, cotangents)
    for b in range(5):
        expected = single.vjp(weights[b], positions[b], cotangents[b])
        np.testing.assert_array_equal(values[b], single.forward(weights[b], positions[b]))
        np.testing.assert_array_equal(by_weight[b], expected[0])
        np.testing.assert_array_equal(by_position[b], expected[1])


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (7, 1), (41, 23)])
def test_render_is_forward_on_a_grid_in_8_bits(height: int, width: int, isa: Isa):
    spec = NetSpec(input_scales=(0.5, 1.0), hidden=(5, 5), num_outputs=4)
    weights = problem(spec, 1)[0] * 4
    pixels = Runner(spec, num_threads=2, isa=isa).render(
        weights,
        origin=(0.25, -0.5),
        step=(0.01, 0.03),
        width=width,
        height=height,
        value_range=(-0.5, 0.75),
    )
    rows, columns = np.mgrid[:height, :width]
    positions = np.stack([0.25 + 0.01 * columns.ravel(), -0.5 + 0.03 * rows.ravel()])
    values = fourier_twin.forward(spec, weights, positions.astype("f4"))
    levels = np.clip((values + 0.5) * (255 / 1.25), 0, 255).T.reshape(height, width, 4)
    # Rounding to nearest, and the kernel's own error of far less than a hundredth of a level.
    assert np.abs(pixels - levels).max() < 0.51


def test_instruction_sets_agree_within_one_level():
    spec = dataclasses.replace(SPECS["thesis"], output="linear")
    weights = problem(spec, 1)[0] * 6
    images = [
        Runner(spec, isa=isa).render(
            weights, origin=(0, 0), step=(0.02, 0.015), width=67, height=45, value_range=(-1, 1)
        )
        for isa in supported_isas()
    ]
    for image in images[1:]:
        assert np.abs(image.astype(int) - images[0].astype(int)).max() <= 1


def test_a_network_gone_to_infinity_still_renders():
    spec = NetSpec(hidden=(3,))
    weights = np.full(spec.num_weights, 3e38, np.float32)
    pixels = Runner(spec).render(weights, origin=(0, 0), step=(1, 1), width=3, height=2)
    assert pixels.shape == (2, 3, 3)
