"""Stage `equality`: what a card computes against what the processor does, one row a check."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from experiments.gpu.needs import has_kernels
from experiments.gpu.stage import parsed, preset_of
from overtone.codecs.dfm.config import resolve
from overtone.codecs.dfm.encode import picture_problems
from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.evaluate.provenance import provenance
from overtone.kernels.fit import Quantiser
from overtone.kernels.fourier import NetSpec
from overtone.metrics.distribution.features.registry import get_feature_network
from overtone.models.base import AbstractModel, Batch, ImageSpec
from overtone.models.compute import Device, card_name, matrix_products, torch_device
from overtone.models.latent import AbstractLatentModel
from overtone.models.layers.fourier_net import fourier_nets, plain_fourier_nets, squared_errors
from overtone.models.registry import MODELS, get_model_class
from overtone.shapes import UInt8
from overtone.tasks.dfm_batch_fitter import BatchFitter
from overtone.training.feed import ImageFeed
from overtone.training.plan import resolve_plan

CPU = torch.device("cpu")
ROWS = "equality.jsonl"
# Shapes of Fourier networks: the thesis's, ours, a wide first layer, no hidden layer.
SPECS = {
    "thesis": NetSpec(hidden=(6, 6, 6), output="tanh"),
    "octaves": NetSpec(input_scales=(0.5, 1.0, 2.0), hidden=(5, 5)),
    "series": NetSpec(num_axes=5, hidden=(5,), num_outputs=3),
    "gray": NetSpec(hidden=(), num_outputs=1),
}
# Relative errors of float32 sums of up to some thousand terms, in another order.
KERNEL_TOLERANCE, MODEL_TOLERANCE, FEATURE_TOLERANCE = 1e-4, 1e-3, 1e-3


@dataclasses.dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes:
        name: What is compared.
        tolerance: Largest relative error that is only rounding.
        error: Computes the relative error, given the device.
    """

    name: str
    tolerance: float
    error: Callable[[torch.device], float]


def main() -> None:
    """Every check that this machine can do; ends with an error if one fails."""
    stage, _ = parsed("Compares a card with the processor.")
    device = torch_device(stage.device)
    weights = str(stage.weights) if stage.weights.is_file() else None
    failed = []
    for check in checks(stage.images("train"), 4 if stage.tiny else 32, weights, stage.models):
        row = measured(check, device)
        stage.add_row(ROWS, row | provenance(card_name(device)))
        failed += [] if row["is_equal"] in (True, None) else [check.name]
    if failed:
        raise SystemExit(f"gpu: not equal: {', '.join(failed)}")


def measured(check: Check, device: torch.device) -> dict[str, Any]:
    """The row of a check; `is_equal` is None where the processor cannot do its side."""
    row = {"suite": "gpu", "check": check.name, "tolerance": check.tolerance}
    try:
        with matrix_products("float32"):
            error = check.error(device)
    except ConfigError as reason:  # no native kernel
        return row | {"is_equal": None, "left_out": str(reason)}
    return row | {"relative_error": error, "is_equal": error <= check.tolerance}


def checks(
    images: ImageSet, num_images: int, weights: str | None, models: tuple[str, ...] = ()
) -> Iterator[Check]:
    """The Fourier layers, each model that has a preset for these images, the feature networks."""
    if has_kernels():
        for name, spec in SPECS.items():
            yield from fourier_checks(name, spec)
    some = images.subset(np.arange(max(num_images, 8)))
    for name in models or sorted(MODELS):
        preset = preset_of(name)
        if preset is not None and name != "pca":
            yield from model_checks(name, preset, some, num_images)
    recipes: tuple[tuple[str, Quantiser], ...] = (("thesis", "none"), ("deep", "round"))
    for preset, quantiser in recipes:
        error = fit_error(preset, quantiser, some.images[: num_images // 2])
        yield Check(f"fits, {preset}", MODEL_TOLERANCE, error)
    networks: list[tuple[str, str | None]] = [("color32", None)]
    networks += [] if weights is None else [("efficientnet-lite0", weights)]
    for name, file in networks:
        yield Check(f"features {name}", FEATURE_TOLERANCE, feature_error(name, file, some))


def fourier_checks(name: str, spec: NetSpec) -> Iterator[Check]:
    """The native kernel on the processor against plain PyTorch on the device."""
    generator = torch.Generator().manual_seed(1)
    # Small, as networks start: large ones double a rounding error many times over.
    coefficients = 0.02 * torch.randn(3, spec.num_weights, generator=generator)
    common = torch.rand(spec.num_axes, 77, generator=generator)
    own = torch.rand(3, spec.num_axes, 77, generator=generator)
    targets = torch.rand(3, spec.num_outputs, 77, generator=generator)
    for kind, positions in (("common", common), ("own", own)):
        yield Check(
            f"fourier {name}, {kind} positions",
            KERNEL_TOLERANCE,
            lambda device, positions=positions: fourier_error(
                spec, coefficients, positions, targets, device
            ),
        )
    yield Check(
        f"fourier {name}, squared errors",
        KERNEL_TOLERANCE,
        lambda device: errors_error(spec, coefficients, common, targets, device),
    )


def fourier_error(
    spec: NetSpec, coefficients: Tensor, positions: Tensor, targets: Tensor, device: torch.device
) -> float:
    """The larger of the errors of the values and of their gradient."""
    found = []
    for where, function in ((CPU, fourier_nets), (device, plain_fourier_nets)):
        own = coefficients.to(where).requires_grad_()
        values = function(spec, own, positions.to(where))
        (gradient,) = torch.autograd.grad((values * targets.to(where)).sum(), own)
        found.append((values, gradient))
    return max(relative(b, a) for a, b in zip(*found, strict=True))


def errors_error(
    spec: NetSpec, coefficients: Tensor, positions: Tensor, targets: Tensor, device: torch.device
) -> float:
    """The same for `squared_errors`, which has a kernel of its own on the processor."""
    found = []
    for where in (CPU, device):
        own = coefficients.to(where).requires_grad_()
        errors = squared_errors(spec, own, positions.to(where), targets.to(where))
        (gradient,) = torch.autograd.grad(errors.sum(), own)
        found.append((errors, gradient))
    return max(relative(b, a) for a, b in zip(*found, strict=True))


def fit_error(
    preset: str, quantiser: Quantiser, images: UInt8[np.ndarray, "n h w c"]
) -> Callable[[torch.device], float]:
    """Errors of Deep Fourier Machines after some steps of Adam on all pixels of pictures."""
    changes = {"fit.optimizer": "adam", "width": 4, "depth": 2, "fit.init": "scaled"}
    config = resolve(preset, "default", changes)
    problems = [picture_problems(each, config, config.sizes[0], 1e-3)[1][0] for each in images]

    def error(device: torch.device) -> float:
        found = []
        for where in (CPU, device):
            fitter = BatchFitter(problems, config.fit, seeds=range(len(problems)), device=where)
            weights = torch.tensor([p.rate_weight for p in problems], device=where)
            found.append(fitter.run(5, quantiser, weights, 1e-2)[0])
        return relative(found[1], found[0])

    return error


def model_checks(name: str, preset: str, images: ImageSet, num_images: int) -> Iterator[Check]:
    """Losses and their gradients, and decoded pictures, of a model with random weights."""
    yield Check(
        f"{name} {preset}, losses",
        MODEL_TOLERANCE,
        lambda device: loss_error(name, preset, images, num_images, device),
    )
    if issubclass(get_model_class(name), AbstractLatentModel):
        yield Check(
            f"{name} {preset}, pictures",
            MODEL_TOLERANCE,
            lambda device: picture_error(name, preset, images, device),
        )


def loss_error(
    name: str, preset: str, images: ImageSet, num_images: int, device: torch.device
) -> float:
    """The larger of the errors of the losses and of all gradients together."""
    indices = np.arange(num_images, dtype=np.int64)
    found = []
    for where in (CPU, device):
        model = made(name, preset, images).to(where)
        batch = ImageFeed(images, where).batch(indices)
        found.append(losses_and_gradient(model, batch))
    return max(relative(b, a) for a, b in zip(*found, strict=True))


def losses_and_gradient(model: AbstractModel, batch: Batch) -> tuple[Tensor, Tensor]:
    """Both losses, if there are two, and the gradients that they leave; noise of the processor."""
    losses = []
    for loss in (model.loss, model.second_loss):
        values = loss(batch, progress=0.5, generator=torch.Generator().manual_seed(2))
        if values is not None:
            values["loss"].backward()
            losses.append(values["loss"].detach())
    gradients = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return torch.stack(losses), torch.cat(gradients)


def picture_error(name: str, preset: str, images: ImageSet, device: torch.device) -> float:
    """The error of the pictures of some latents."""
    found = []
    for where in (CPU, device):
        model = made(name, preset, images).to(where).eval()
        assert isinstance(model, AbstractLatentModel)
        latents = torch.randn(5, model.latent_dim, generator=torch.Generator().manual_seed(3))
        with torch.no_grad():
            found.append(model.decode(latents.to(where)))
    return relative(found[1], found[0])


def made(name: str, preset: str, images: ImageSet) -> AbstractModel:
    """The preset's model as it is before the first step, the same at each call."""
    plan = resolve_plan(name, preset)
    kind = get_model_class(name)
    model = kind(plan.network, ImageSpec.of(images), generator=torch.Generator().manual_seed(0))
    model.begin(images, generator=torch.Generator().manual_seed(1))
    return model


def feature_error(
    name: str, weights: str | None, images: ImageSet
) -> Callable[[torch.device], float]:
    """The error of a network's pooled features."""

    def error(device: torch.device) -> float:
        kinds: tuple[Device, Device] = ("cpu", "cpu" if device.type == "cpu" else "cuda")
        one, other = (
            torch.from_numpy(
                get_feature_network(name, weights, device=kind).features(images.images)
            )
            for kind in kinds
        )
        return relative(other, one)

    return error


def relative(found: Tensor, expected: Tensor) -> float:
    """The largest difference over the largest value."""
    first, second = found.detach().cpu().double(), expected.detach().cpu().double()
    return float((first - second).abs().max() / second.abs().max().clamp_min(1e-30))


if __name__ == "__main__":
    main()
