"""The native latent machine does what its twins say, learns, and repeats itself."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from experiments.latent import torch_machine
from helpers import scene

from overtone.errors import ConfigError
from overtone.kernels import latent_twin
from overtone.kernels.latent import Conditions, Machine, Rates
from overtone.kernels.latent_shape import Spec
from overtone.kernels.soap_twin import Soap

SOFT = Conditions(gain=16, rd_weight=1e-2, temperature=0.3, noise=0.2, seed=4)
HARD = Conditions(gain=20, rd_weight=1e-2)
RATES = Rates(latent_rate=1e-2, network_rate=1e-2)
NO_FEATURES: dict[str, Any] = {"num_features": 0, "num_feature_grids": 0}


def spec_of(height: int, width: int, **changes: Any) -> Spec:
    """A middle size, for the time that automatic differentiation takes."""
    middle: dict[str, Any] = {"num_neighbours": 10, "num_features": 4, "num_mixed": 16}
    return Spec(height=height, width=width, **(middle | changes))


CASES: dict[str, tuple[Spec, int, Conditions]] = {
    "rectified": (spec_of(37, 51), 1, SOFT),
    "rounded": (spec_of(37, 51), 2, HARD),
    "more than a block": (
        spec_of(37, 301, num_neighbours=14, num_features=6, num_mixed=48),
        2,
        SOFT,
    ),
    "windows": (spec_of(41, 23, parent_side=3, num_neighbours=20), 3, SOFT),
    "fourier": (spec_of(70, 41, trunk="fourier", num_mixed=5), 2, SOFT),
    "products": (spec_of(41, 23, trunk="products", num_mixed=4), 2, SOFT),
    "linear": (spec_of(24, 40, trunk="linear", num_mixed=0), 2, SOFT),
    "no features": (spec_of(24, 40, **NO_FEATURES), 2, SOFT),
    "one row": (spec_of(1, 90, channels=1, num_residual_layers=0), 2, SOFT),
    "one column": (spec_of(70, 1, channels=4, num_context_layers=1), 2, SOFT),
    "one pixel": (spec_of(1, 1, channels=2, num_residual_layers=1), 2, SOFT),
}


def picture_of(spec: Spec) -> np.ndarray:
    """Noise, so that no two pixels are alike."""
    shape = (spec.height, spec.width, spec.channels)
    return np.random.default_rng(1).random(shape, dtype=np.float32)


def machine_of(
    spec: Spec, conditions: Conditions, *, num_threads: int = 1, isa: str = "auto"
) -> Machine:
    """A machine in the midst of things: no value is zero or symmetric."""
    rng = np.random.default_rng(0)
    machine = Machine(spec, picture_of(spec), num_threads=num_threads, isa=isa)
    parameters = rng.normal(0, 0.15, len(machine.parameters))
    for tensor in machine.tensors:
        if tensor.name.endswith("double"):
            parameters[tensor.part] += [0.0352, 0.1055, -0.2617, -0.8789]
        elif tensor.name.endswith("smooth"):
            parameters[tensor.part] += [1, 0, 0, 0]
        elif tensor.name == "synthesis.mix.weight":
            parameters[tensor.part] *= 0.3  # phases of less than a turn
        elif tensor.name == "context.output.bias":
            parameters[tensor.part] += [0, 4]
        elif tensor.name == "synthesis.output.bias":
            parameters[tensor.part] += 0.5
    machine.parameters = parameters.astype(np.float32)
    latents = rng.normal(0, 1.5 / conditions.gain, len(machine.latents))
    machine.latents = latents.astype(np.float32)
    return machine


def torch_gradients(machine: Machine, conditions: Conditions) -> tuple[float, Any, Any]:
    """The loss in float64 and its gradients by automatic differentiation."""
    parameters = torch.tensor(machine.parameters, dtype=torch.float64, requires_grad=True)
    latents = torch.tensor(machine.latents, dtype=torch.float64, requires_grad=True)
    noise = torch.tensor(latent_twin.noise(conditions.seed, len(latents)))
    symbols = torch_machine.quantised(latents, noise, conditions)
    picture = torch.tensor(picture_of(machine.spec), dtype=torch.float64)
    loss = torch_machine.loss_of(
        machine.spec,
        torch_machine.by_name(machine.tensors, parameters),
        torch_machine.by_name(machine.grids, symbols),
        picture.permute(2, 0, 1),
        conditions.rd_weight,
    )
    loss.backward()
    assert parameters.grad is not None
    assert latents.grad is not None
    return loss.item(), parameters.grad.numpy(), latents.grad.numpy()


@pytest.mark.parametrize(("spec", "num_threads", "conditions"), CASES.values(), ids=CASES)
def test_the_gradients_are_those_of_automatic_differentiation(spec, num_threads, conditions):
    machine = machine_of(spec, conditions, num_threads=num_threads)
    loss, by_parameters, by_latents = machine.differentiate(conditions)
    expected, wanted, wanted_by_latents = torch_gradients(machine, conditions)
    assert loss.total(conditions.rd_weight) == pytest.approx(expected, rel=2e-7)
    size = np.linalg.norm(wanted_by_latents)
    assert np.linalg.norm(by_latents - wanted_by_latents) <= 2e-6 * size
    scale = np.linalg.norm(wanted)
    assert np.linalg.norm(by_parameters - wanted) <= 1e-6 * scale
    for tensor in machine.tensors:
        error = np.linalg.norm(by_parameters[tensor.part] - wanted[tensor.part])
        own = np.linalg.norm(wanted[tensor.part])
        assert error <= 1e-5 * own + 2e-7 * scale, tensor.name


@pytest.mark.parametrize(("spec", "num_threads", "conditions"), CASES.values(), ids=CASES)
def test_symbols_pixels_and_bits_are_those_of_the_twin(spec, num_threads, conditions):
    machine = machine_of(spec, conditions, num_threads=num_threads)
    loss = machine.evaluate(conditions)
    latents = machine.latents.astype(np.float64)
    flat = latent_twin.symbols_of(latents, conditions)
    np.testing.assert_allclose(machine.symbols, flat, atol=3e-6)
    symbols = latent_twin.by_name(machine.grids, flat)
    tensors = latent_twin.by_name(machine.tensors, machine.parameters.astype(np.float64))
    features = latent_twin.features_of_pixels(spec, tensors, symbols)
    pixels = latent_twin.pixels_of(spec, tensors, features)
    np.testing.assert_allclose(machine.pixels, pixels, atol=2e-5)
    error = np.square(np.clip(pixels, 0, 1) - picture_of(spec)).mean()
    assert loss.distortion == pytest.approx(error, rel=1e-6)
    bits = [latent_twin.bits_of(spec, tensors, symbols, name).sum() for name in symbols]
    np.testing.assert_allclose(loss.grid_bits, bits, rtol=1e-5)


@pytest.mark.parametrize("num_threads", [1, 3])
def test_parts_of_the_rows_are_together_all_of_them(num_threads):
    spec = spec_of(37, 51)
    calm = dataclasses.replace(SOFT, noise=0.0)
    machine = machine_of(spec, calm, num_threads=num_threads)
    wanted, *gradients = machine.differentiate(calm)
    parts = [
        machine.differentiate(dataclasses.replace(calm, entropy_share=0.25, seed=seed))
        for seed in range(4)
    ]
    rates = [loss.rate_bpp for loss, _, _ in parts]
    assert np.mean(rates) == pytest.approx(wanted.rate_bpp, rel=1e-6)
    assert np.std(rates) > 1e-3 * wanted.rate_bpp
    by_parameters = [gradient for _, gradient, _ in parts]
    by_latents = [gradient for _, _, gradient in parts]
    for found, gradient in zip((by_parameters, by_latents), gradients, strict=True):
        mean = np.mean(found, axis=0)
        np.testing.assert_allclose(mean, gradient, atol=1e-6 * np.abs(gradient).max())
    assert machine.evaluate(dataclasses.replace(calm, entropy_share=0.25)) == machine.evaluate(calm)


@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
def test_every_instruction_set_finds_the_same(isa):
    spec, _, conditions = CASES["windows"]
    try:
        machine = machine_of(spec, conditions, isa=isa)
    except ValueError as error:
        pytest.skip(str(error))
    assert machine.isa == isa
    _, by_parameters, by_latents = machine.differentiate(conditions)
    _, wanted, wanted_by_latents = torch_gradients(machine, conditions)
    np.testing.assert_allclose(by_parameters, wanted, atol=1e-6 * np.abs(wanted).max())
    largest = np.abs(wanted_by_latents).max()
    np.testing.assert_allclose(by_latents, wanted_by_latents, atol=2e-6 * largest)


def test_steps_repeat_themselves():
    spec, _, conditions = CASES["fourier"]
    found = []
    for _ in range(2):
        machine = machine_of(spec, conditions, num_threads=3)
        for seed in range(4):
            machine.step(dataclasses.replace(conditions, seed=seed), RATES)
        found.append((machine.parameters, machine.latents))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_steps_are_those_of_adam_and_soap():
    """Of tensors whose first gradient has full rank: bases of the null space are arbitrary."""
    spec = spec_of(24, 40, num_neighbours=3, num_features=0, num_feature_grids=0)
    machine = machine_of(spec, SOFT)
    rates = dataclasses.replace(RATES, refresh_every=2, clip_norm=0.02)
    names = ("context.hidden1.weight", "synthesis.residual0.weight", "synthesis.mix.bias")
    tensors = [each for each in machine.tensors if each.name in names]
    assert len(tensors) == len(names)
    twins = [Soap(each.shape) for each in tensors]
    mean, square = np.zeros((2, len(machine.latents)))
    for step in range(1, 8):
        conditions = dataclasses.replace(SOFT, seed=step)
        _, gradient, by_latents = machine.differentiate(conditions)
        gradient = gradient * min(1, 0.02 / np.linalg.norm(gradient))
        before, latents = machine.parameters, machine.latents
        machine.step(conditions, rates)
        for twin, tensor in zip(twins, tensors, strict=True):
            values = before[tensor.part].reshape(tensor.shape).astype(np.float64)
            wanted = twin.step(values, gradient[tensor.part].reshape(tensor.shape), rates)
            found = machine.parameters[tensor.part].reshape(tensor.shape)
            np.testing.assert_allclose(found, wanted, atol=1e-5, err_msg=f"{step} {tensor.name}")
        by_latents = by_latents.astype(np.float64) * spec.height * spec.width
        mean += 0.1 * (by_latents - mean)
        square += 0.001 * (by_latents**2 - square)
        size = np.sqrt(square / (1 - 0.999**step)) + rates.latent_epsilon
        wanted = latents - 1e-2 * mean / (1 - 0.9**step) / size
        np.testing.assert_allclose(machine.latents, wanted, atol=1e-5)


def test_without_a_rate_latents_stay_and_networks_move():
    machine = machine_of(spec_of(24, 40), HARD)
    before, latents = machine.parameters, machine.latents
    for _ in range(2):
        machine.step(HARD, dataclasses.replace(RATES, latent_rate=0.0))
    np.testing.assert_array_equal(machine.latents, latents)
    assert (machine.parameters != before).mean() > 0.99


def test_the_noise_is_normal():
    noise = latent_twin.noise(7, 40_000)
    moments = [noise.mean(), (noise**2).mean(), (noise**4).mean(), (noise[1:] * noise[:-1]).mean()]
    np.testing.assert_allclose(moments, [0, 1, 3, 0], atol=0.15)


def test_pixels_can_be_taken_as_integers():
    spec = spec_of(8, 9, channels=1, num_residual_layers=0)
    machine = machine_of(spec, HARD)
    assert machine.evaluate(HARD, is_rounded=True).distortion != machine.evaluate(HARD).distortion
    pixels = np.rint(np.clip(machine.pixels, 0, 1) * 255) / 255
    expected = np.square(pixels - picture_of(spec)).mean()
    found = machine.evaluate(HARD, is_rounded=True).distortion
    assert found == pytest.approx(expected, rel=1e-5)


def test_numbers_that_make_no_sense_are_refused():
    machine = machine_of(spec_of(8, 9), HARD)
    with pytest.raises(ValueError, match="latents must be finite, got nan"):
        machine.latents = np.full_like(machine.latents, np.nan)
    with pytest.raises(ValueError, match="parameters must be C-contiguous float32"):
        machine.parameters = machine.parameters[1:]
    with pytest.raises(ValueError, match="gain must be positive"):
        machine.evaluate(Conditions(gain=0, rd_weight=1))
    with pytest.raises(ValueError, match="entropy_share must be 1, 1/2 or 1/4"):
        machine.evaluate(dataclasses.replace(HARD, entropy_share=0.7))
    with pytest.raises(ValueError, match="refresh_every must be at least 1"):
        machine.step(HARD, dataclasses.replace(RATES, refresh_every=0))
    picture = scene(8, 9).astype(np.float32)
    picture[3, 4] = np.inf
    with pytest.raises(ValueError, match="picture must be finite"):
        Machine(spec_of(8, 9), picture, num_threads=1)
    wanted = r"picture must be .* of shape \(24, 41, 3\), got float32 of shape"
    with pytest.raises(ValueError, match=wanted):
        Machine(spec_of(24, 41), np.zeros((24, 40, 3), np.float32), num_threads=1)
    with pytest.raises(ConfigError, match="channels must be 1 to 4, got 5"):
        Machine(spec_of(8, 9, channels=5), np.zeros((8, 9, 5), np.float32), num_threads=1)
