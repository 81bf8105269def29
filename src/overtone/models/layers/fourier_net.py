"""One deep Fourier network an image: a batch of them over common positions, differentiable.

Float32 tensors on the processor go through the native kernel, zero-copy; everything else through
`plain_fourier_nets`, the formula as written. Gradients go to the coefficients, and to positions
where every network has its own; common positions and targets are constants.
"""

import dataclasses
import functools
import json
import math
import threading
from typing import Any

import torch
from torch import Tensor

from overtone.kernels.fourier import NetSpec, Runner
from overtone.models.compute import matrix_products
from overtone.shapes import Float


def fourier_nets(
    spec: NetSpec,
    coefficients: Float[Tensor, "b w"],
    positions: Float[Tensor, "a p"] | Float[Tensor, "b a p"],
) -> Float[Tensor, "b c p"]:
    """Values of each network at the positions.

    Args:
        spec: What every network looks like.
        coefficients: Coefficients of each network, in the order of `overtone.kernels.fourier`.
        positions: Common to all networks, or of each its own.

    Raises:
        ValueError: A shape does not fit `spec`, or a value is not finite.

    Source: thesis, equation 4.5.
    """
    if is_native(coefficients, positions):
        if not (torch.is_grad_enabled() or torch.compiler.is_compiling()):
            arrays = (each.detach().contiguous().numpy() for each in (coefficients, positions))
            return torch.from_numpy(_runner(_text(spec)).forward(*arrays))
        if positions.ndim == 3:
            return _values_each(coefficients.contiguous(), positions.contiguous(), _text(spec))
        return _values(coefficients.contiguous(), positions.contiguous(), _text(spec))
    return _exact_plain(spec, coefficients, positions)


def squared_errors(
    spec: NetSpec,
    coefficients: Float[Tensor, "b w"],
    positions: Float[Tensor, "a p"],
    targets: Float[Tensor, "b c p"],
) -> Float[Tensor, " b"]:
    """Sum over pixels and channels of (value - target)², of each network.

    The native kernel finds values and gradient in one pass over the pixels: three quarters of the
    work of `fourier_nets` and its backward.

    Raises:
        ValueError: A shape does not fit `spec`, or a value is not finite.
    """
    if not is_native(coefficients, positions, targets):
        return (_exact_plain(spec, coefficients, positions) - targets).square().sum((1, 2))
    if not (torch.is_grad_enabled() and coefficients.requires_grad):
        return (fourier_nets(spec, coefficients, positions) - targets).square().sum((1, 2))
    tensors = (coefficients.contiguous(), positions.contiguous(), targets.contiguous())
    return _errors(*tensors, _text(spec))[0]


def is_native(*tensors: Tensor) -> bool:
    """Whether the native kernel takes these tensors."""
    return all(t.device.type == "cpu" and t.dtype == torch.float32 for t in tensors)


def _exact_plain(spec: NetSpec, coefficients: Tensor, positions: Tensor) -> Tensor:
    """As exact as the kernel, whatever is asked for around: phases need more than 16 bits."""
    with torch.autocast(positions.device.type, enabled=False), matrix_products("float32"):
        return plain_fourier_nets(spec, coefficients.to(positions.dtype), positions)


def plain_fourier_nets(
    spec: NetSpec,
    coefficients: Float[Tensor, "b w"],
    positions: Float[Tensor, "a p"] | Float[Tensor, "b a p"],
) -> Float[Tensor, "b c p"]:
    """`fourier_nets` in plain PyTorch: any device, any precision, any order of derivatives."""
    scales = positions.new_tensor(spec.input_scales)
    each = positions if positions.ndim == 3 else positions[None]
    x = (each[:, :, None] * scales[:, None]).flatten(1, 2)
    parts = coefficients.split([layer.size for layer in spec.layers], dim=1)
    for layer, part in zip(spec.layers, parts, strict=True):
        a, b = part.unflatten(1, (2, 2**layer.num_inputs, layer.num_outputs)).unbind(1)
        angles = (2 * math.pi) * (frequencies(layer.num_inputs).to(x) @ x)
        y = a.mT @ torch.cos(angles) + b.mT @ torch.sin(angles)
        x = y + x if layer.has_residual else y
    return torch.tanh(x) if spec.output == "tanh" else x


def frequencies(num_inputs: int) -> Float[Tensor, "k m"]:
    """All vectors of {0, 1}^m, one a row; bit j of the row number is component j."""
    return ((torch.arange(2**num_inputs)[:, None] >> torch.arange(num_inputs)) & 1).float()


# PyTorch's own table of operations knows tensors, numbers and strings, so a NetSpec goes in as
# JSON. Tensors are contiguous float32 on the processor.


@torch.library.custom_op("overtone::fourier_nets", mutates_args=())
def _values(coefficients: Tensor, positions: Tensor, spec: str) -> Tensor:
    runner = _runner(spec)
    return torch.from_numpy(runner.forward(coefficients.numpy(), positions.numpy()))


@_values.register_fake
def _(coefficients: Tensor, positions: Tensor, spec: str) -> Tensor:
    num_outputs = _spec(spec).num_outputs
    return coefficients.new_empty(coefficients.shape[0], num_outputs, positions.shape[1])


@torch.library.custom_op("overtone::fourier_nets_each", mutates_args=())
def _values_each(coefficients: Tensor, positions: Tensor, spec: str) -> Tensor:
    runner = _runner(spec)
    return torch.from_numpy(runner.forward(coefficients.numpy(), positions.numpy()))


@_values_each.register_fake
def _(coefficients: Tensor, positions: Tensor, spec: str) -> Tensor:
    num_outputs = _spec(spec).num_outputs
    return coefficients.new_empty(coefficients.shape[0], num_outputs, positions.shape[2])


@torch.library.custom_op("overtone::fourier_nets_each_gradient", mutates_args=())
def _gradient_each(
    coefficients: Tensor, positions: Tensor, cotangents: Tensor, spec: str
) -> tuple[Tensor, Tensor]:
    runner = _runner(spec)
    arrays = (coefficients.numpy(), positions.numpy(), cotangents.numpy())
    by_coefficients, by_positions = runner.vjp_each(*arrays)
    return torch.from_numpy(by_coefficients), torch.from_numpy(by_positions)


@_gradient_each.register_fake
def _(
    coefficients: Tensor, positions: Tensor, cotangents: Tensor, spec: str
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(coefficients), torch.empty_like(positions)


@torch.library.custom_op("overtone::fourier_nets_gradient", mutates_args=())
def _gradient(coefficients: Tensor, positions: Tensor, cotangents: Tensor, spec: str) -> Tensor:
    runner = _runner(spec)
    arrays = (coefficients.numpy(), positions.numpy(), cotangents.numpy())
    return torch.from_numpy(runner.vjp_batch(*arrays))


@_gradient.register_fake
def _(coefficients: Tensor, positions: Tensor, cotangents: Tensor, spec: str) -> Tensor:
    return torch.empty_like(coefficients)


@torch.library.custom_op("overtone::fourier_nets_errors", mutates_args=())
def _errors(
    coefficients: Tensor, positions: Tensor, targets: Tensor, spec: str
) -> tuple[Tensor, Tensor]:
    """The errors, and their gradient by the coefficients."""
    runner = _runner(spec)
    arrays = (coefficients.numpy(), positions.numpy(), targets.numpy())
    errors, gradients = runner.loss_gradient(*arrays)
    return torch.as_tensor(errors, dtype=torch.float32), torch.from_numpy(gradients)


@_errors.register_fake
def _(coefficients: Tensor, positions: Tensor, targets: Tensor, spec: str) -> tuple[Tensor, Tensor]:
    return coefficients.new_empty(coefficients.shape[0]), torch.empty_like(coefficients)


def _keep_values_inputs(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    coefficients, positions, ctx.spec = inputs
    ctx.save_for_backward(coefficients, positions)


def _values_backward(ctx: Any, cotangents: Tensor) -> tuple[Tensor, None, None]:
    coefficients, positions = ctx.saved_tensors
    return _gradient(coefficients, positions, cotangents.contiguous(), ctx.spec), None, None


def _values_each_backward(ctx: Any, cotangents: Tensor) -> tuple[Tensor, Tensor, None]:
    coefficients, positions = ctx.saved_tensors
    return *_gradient_each(coefficients, positions, cotangents.contiguous(), ctx.spec), None


def _keep_gradients(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(output[1])
    ctx.mark_non_differentiable(output[1])
    ctx.set_materialize_grads(False)


def _errors_backward(ctx: Any, by_errors: Tensor, _: None) -> tuple[Tensor, None, None, None]:
    (gradients,) = ctx.saved_tensors
    return by_errors[:, None] * gradients, None, None, None


_values.register_autograd(_values_backward, setup_context=_keep_values_inputs)
_values_each.register_autograd(_values_each_backward, setup_context=_keep_values_inputs)
_errors.register_autograd(_errors_backward, setup_context=_keep_gradients)


@functools.lru_cache
def _text(spec: NetSpec) -> str:
    return json.dumps(dataclasses.asdict(spec))


@functools.lru_cache
def _spec(text: str) -> NetSpec:
    fields = json.loads(text)
    return NetSpec(**fields | {name: tuple(fields[name]) for name in ("input_scales", "hidden")})


# A runner serves one caller at a time, so every Python thread has its own.
_runners = threading.local()


def _runner(text: str) -> Runner:
    num_threads = torch.get_num_threads()
    runners: dict[str, Runner] = _runners.__dict__
    key = f"{num_threads} {text}"
    if key not in runners:
        runners[key] = Runner(_spec(text), num_threads=num_threads)
    return runners[key]
