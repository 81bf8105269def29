"""Fourier networks as PyTorch operations: the native kernel against plain PyTorch."""

import dataclasses
import json
import threading

import numpy as np
import pytest
import torch

from overtone.kernels import fourier_twin
from overtone.kernels.fourier import NetSpec
from overtone.models.layers.fourier_net import fourier_nets, plain_fourier_nets, squared_errors

SPECS = {
    "cifar": NetSpec(hidden=(6,) * 10, output="tanh"),
    "odd widths": NetSpec(hidden=(5, 3, 3, 7), num_outputs=1),
    "octaves": NetSpec(input_scales=(0.5, 1.0, 2.0), hidden=(4, 4), has_residual=False),
    "one layer": NetSpec(num_axes=3, num_outputs=4, output="tanh"),
}
SHAPES = [(1, 1), (1, 9), (7, 1), (8, 8), (24, 40), (41, 23)]
# Float32 against float64: 1e-5 of the largest value, as for the kernel itself.
TOLERANCE = 1e-5


@pytest.fixture(params=SPECS)
def spec(request):
    return SPECS[request.param]


def problem(spec, height=7, width=11, num_networks=3):
    """Coefficients as training starts, a grid of other sides, targets."""
    generator = torch.Generator().manual_seed(height * width)
    coefficients = 0.005 * torch.randn(num_networks, spec.num_weights, generator=generator)
    axes = [torch.arange(height) / 32, torch.arange(width) / 32, torch.zeros(1)][: spec.num_axes]
    positions = torch.stack(torch.meshgrid(*axes, indexing="ij")).flatten(1)
    shape = (num_networks, spec.num_outputs, height * width)
    return coefficients, positions, torch.rand(shape, generator=generator) * 2 - 1


def relative_error(a, b):
    return float((a.double() - b.double()).abs().max() / b.double().abs().max())


def gradients_of(function, coefficients, positions, *others):
    """The function's value, and the gradient by the coefficients of a weighted sum of it."""
    coefficients = coefficients.clone().requires_grad_()
    values = function(coefficients, positions, *others)
    weights = torch.linspace(-1, 2, values.numel(), dtype=values.dtype).view(values.shape)
    (gradient,) = torch.autograd.grad((values * weights).sum(), [coefficients])
    return values.detach(), gradient


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_gradients_are_those_of_plain_pytorch(spec, shape):
    coefficients, positions, _ = problem(spec, *shape)
    native = gradients_of(lambda c, x: fourier_nets(spec, c, x), coefficients, positions)
    plain = gradients_of(
        lambda c, x: plain_fourier_nets(spec, c, x), coefficients.double(), positions.double()
    )
    assert [n.shape for n in native] == [p.shape for p in plain]
    assert all(relative_error(n, p) < TOLERANCE for n, p in zip(native, plain, strict=True))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_networks_at_their_own_positions_are_those_of_plain_pytorch(spec, shape):
    coefficients, common, _ = problem(spec, *shape)
    positions = common + torch.linspace(-0.1, 0.2, 3)[:, None, None]

    def both_gradients(function, *inputs):
        inputs = [tensor.clone().requires_grad_() for tensor in inputs]
        values = function(spec, *inputs)
        weights = torch.linspace(-1, 2, values.numel(), dtype=values.dtype).view(values.shape)
        return values.detach(), *torch.autograd.grad((values * weights).sum(), inputs)

    native = both_gradients(fourier_nets, coefficients, positions)
    plain = both_gradients(plain_fourier_nets, coefficients.double(), positions.double())
    assert [n.shape for n in native] == [p.shape for p in plain]
    assert all(relative_error(n, p) < TOLERANCE for n, p in zip(native, plain, strict=True))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_errors_and_gradients_are_those_of_plain_pytorch(spec, shape):
    arrays = problem(spec, *shape)
    native = gradients_of(lambda c, x, t: squared_errors(spec, c, x, t), *arrays)
    wide = [array.double() for array in arrays]
    plain = gradients_of(lambda c, x, t: squared_errors(spec, c, x, t), *wide)
    assert native[0].shape == (3,)
    assert all(relative_error(n, p) < TOLERANCE for n, p in zip(native, plain, strict=True))


def test_plain_pytorch_is_the_formula_as_written(spec):
    coefficients, positions, _ = (array.double() for array in problem(spec))
    values = plain_fourier_nets(spec, coefficients, positions)
    for network, value in zip(coefficients, values, strict=True):
        expected = fourier_twin.forward(spec, network.numpy(), positions.numpy())
        np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-12)


def test_errors_without_gradient_are_the_same(spec):
    coefficients, positions, targets = problem(spec)
    with torch.no_grad():
        errors = squared_errors(spec, coefficients, positions, targets)
    learned = squared_errors(spec, coefficients.requires_grad_(), positions, targets)
    assert relative_error(errors, learned.detach()) < TOLERANCE


def test_the_operations_keep_the_contract_of_pytorch(spec):
    coefficients, positions, targets = problem(spec)
    coefficients.requires_grad_()
    checks = ("test_schema", "test_faketensor", "test_autograd_registration")
    spec_text = json.dumps(dataclasses.asdict(spec))
    values, errors = torch.ops.overtone.fourier_nets, torch.ops.overtone.fourier_nets_errors
    torch.library.opcheck(values, (coefficients, positions, spec_text), test_utils=checks)
    torch.library.opcheck(errors, (coefficients, positions, targets, spec_text), test_utils=checks)


def test_strided_tensors_are_taken(spec):
    coefficients, positions, targets = problem(spec)
    spread = torch.stack([coefficients, coefficients], 2)[..., 0]
    turned = targets.mT.contiguous().mT
    expected = gradients_of(
        lambda c, x, t: squared_errors(spec, c, x, t), coefficients, positions, targets
    )
    got = gradients_of(lambda c, x, t: squared_errors(spec, c, x, t), spread, positions, turned)
    assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))


def test_threads_of_pytorch_change_nothing(spec):
    coefficients, positions, targets = problem(spec, num_networks=5)
    before = torch.get_num_threads()
    results = []
    try:
        for num_threads in (1, 2, 3):
            torch.set_num_threads(num_threads)
            results.append(
                gradients_of(
                    lambda c, x, t: squared_errors(spec, c, x, t), coefficients, positions, targets
                )
            )
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(results[0][1], other[1]) for other in results[1:])


def test_python_threads_do_not_disturb_one_another(spec):
    coefficients, positions, _ = problem(spec, 24, 40)
    expected = fourier_nets(spec, coefficients, positions)
    results = []
    threads = [
        threading.Thread(
            target=lambda: results.extend(
                fourier_nets(spec, coefficients, positions) for _ in range(5)
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    assert all(torch.equal(result, expected) for result in results)


def test_wrong_shapes_and_values_are_refused(spec):
    coefficients, positions, targets = problem(spec)
    with pytest.raises(ValueError, match="weights must be"):
        fourier_nets(spec, coefficients[:, 1:], positions)
    with pytest.raises(ValueError, match="targets must be"):
        squared_errors(spec, coefficients.requires_grad_(), positions, targets.repeat(1, 2, 1))
    with pytest.raises(ValueError, match="positions must be finite"):
        fourier_nets(spec, coefficients.detach(), positions / 0)
