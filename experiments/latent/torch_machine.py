"""The latent machine in PyTorch, as one would write it there.

The native step is compared with it: tests take its gradients in float64.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from overtone.kernels import latent_shape
from overtone.kernels.latent import Conditions
from overtone.kernels.latent_shape import Grid, Spec
from overtone.kernels.latent_twin import LEAST_MASS, NEIGHBOURS, SCALE_LIMIT, SCALE_SHIFT

Parts = dict[str, Tensor]


def by_name(parts: Sequence[latent_shape.Tensor] | Sequence[Grid], values: Tensor) -> Parts:
    """Tensors of all parameters, or grids of all symbols."""
    return {each.name: values[each.part].reshape(each.shape) for each in parts}


class CutToUnit(torch.autograd.Function):
    """[0, 1], with the gradient of the identity."""

    @staticmethod
    def forward(ctx, values: Tensor) -> Tensor:
        return values.clamp(0, 1)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return gradient


def soft_round(x: Tensor, temperature: float) -> Tensor:
    floor = x.detach().floor()
    bent = torch.tanh((x - floor - 0.5) / temperature)
    return floor + 0.5 + bent / (2 * math.tanh(0.5 / temperature))


def quantised(latents: Tensor, noise: Tensor, conditions: Conditions) -> Tensor:
    scaled = conditions.gain * latents
    if conditions.temperature == 0:
        return scaled + (scaled.round() - scaled).detach()
    once = soft_round(scaled, conditions.temperature)
    return soft_round(once + conditions.noise * noise, conditions.temperature)


def doubled(values: Tensor, taps: Tensor, height: int, width: int) -> Tensor:
    """Of (channels, height, width)."""
    w0, w1, w2, w3 = taps
    zero = torch.zeros_like(w0)
    even = torch.stack([w0, w2, w3, w1, zero])
    kernels = torch.stack([even, even.flip(0)])
    channels, rows, columns = values.shape
    tall = F.pad(values[:, None], (0, 0, 2, 2), mode="replicate")
    tall = F.conv2d(tall, kernels[:, None, :, None])
    tall = tall.transpose(1, 2).reshape(channels, 1, 2 * rows, columns)[:, :, :height]
    wide = F.conv2d(F.pad(tall, (2, 2, 0, 0), mode="replicate"), kernels[:, None, None])
    wide = wide.permute(0, 2, 3, 1).reshape(channels, height, 2 * columns)
    return wide[:, :, :width]


def smoothed(values: Tensor, taps: Tensor) -> Tensor:
    kernel = torch.cat([taps.flip(0)[:-1], taps])
    found = F.conv2d(values[None, None], kernel[None, None, :, None], padding=(3, 0))
    return values + F.conv2d(found, kernel[None, None, None], padding=(0, 3))[0, 0]


def features_of_pixels(spec: Spec, tensors: Parts, symbols: Parts) -> Tensor:
    found = symbols[f"L{spec.num_grids - 1}"][None]
    for level in range(spec.num_grids - 2, -1, -1):
        own = symbols[f"L{level}"]
        coarse = doubled(found, tensors[f"upsampling{level}.double"], *own.shape)
        fine = smoothed(own, tensors[f"upsampling{level}.smooth"])
        found = torch.cat([fine[None], coarse])
    return found


def basis_of(spec: Spec, mixed: Tensor) -> Tensor:
    """Of (units, pixels)."""
    if spec.trunk == "rectified":
        return mixed.relu()
    is_fourier = spec.trunk == "fourier"
    turns = 2 * math.pi * mixed
    factors = torch.complex(turns.cos(), turns.sin()) if is_fourier else mixed
    table = factors[:1]
    for j in range(1, spec.num_mixed):
        factor = factors[j : j + 1]
        table = torch.cat([table, factor, table * factor])
    if not is_fourier:
        return table
    return torch.view_as_real(table).permute(0, 2, 1).reshape(2 * len(table), -1)


def pixels_of(spec: Spec, tensors: Parts, features: Tensor) -> Tensor:
    """Of (channels, height, width)."""
    flat = features.reshape(spec.num_grids, -1)
    values = torch.addmm(
        tensors["synthesis.output.bias"][:, None], tensors["synthesis.stabiliser.weight"], flat
    )
    if spec.trunk != "linear":
        mixed = torch.addmm(
            tensors["synthesis.mix.bias"][:, None], tensors["synthesis.mix.weight"], flat
        )
        values = values + tensors["synthesis.output.weight"] @ basis_of(spec, mixed)
    values = values.reshape(1, spec.channels, spec.height, spec.width)
    for layer in range(spec.num_residual_layers):
        name = f"synthesis.residual{layer}"
        padded = F.pad(values, (1, 1, 1, 1), mode="replicate")
        values = values + F.conv2d(padded, tensors[f"{name}.weight"], tensors[f"{name}.bias"])
        if layer + 1 < spec.num_residual_layers:
            values = values.relu()
    return values[0]


def shifted(values: Tensor, steps: list[tuple[int, int]]) -> Tensor:
    """(steps, height, width); zeros are outside."""
    height, width = values.shape
    padded = F.pad(values, (4, 4, 4, 4))
    return torch.stack(
        [padded[4 + dy : 4 + dy + height, 4 + dx : 4 + dx + width] for dy, dx in steps]
    )


def repeated(values: Tensor, times: int, height: int, width: int) -> Tensor:
    """Each number of the last two axes so often along both, cut."""
    found = values.repeat_interleave(times, -2)[..., :height, :]
    return found.repeat_interleave(times, -1)[..., :width]


def context_features(spec: Spec, tensors: Parts, symbols: Parts, level: int) -> Tensor:
    parent = symbols[f"L{level + 1}"]
    reach = spec.parent_side // 2
    window = [(dy, dx) for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1)]
    inputs = [shifted(parent, window)]
    for coarser in range(level + 1, spec.num_grids):
        kinds = ["L"] if coarser > level + 1 else []
        kinds += ["H"] if coarser >= spec.first_hyper_grid else []
        for kind in kinds:
            values = symbols[f"{kind}{coarser}"]
            inputs.append(repeated(values, 2 ** (coarser - level - 1), *parent.shape)[None])
    flat = torch.cat(inputs).reshape(-1, parent.numel())
    found = torch.addmm(
        tensors[f"features{level}.bias"][:, None], tensors[f"features{level}.weight"], flat
    )
    return repeated(found.reshape(-1, *parent.shape), 2, *symbols[f"L{level}"].shape)


def bits_of(spec: Spec, tensors: Parts, symbols: Parts, name: str) -> Tensor:
    own, level = symbols[name], int(name[1:])
    context = shifted(own, list(NEIGHBOURS[: spec.num_neighbours]))
    if name[0] == "L" and level < spec.num_feature_grids:
        context = torch.cat([context, context_features(spec, tensors, symbols, level)])
    else:
        context = F.pad(context, (0, 0, 0, 0, 0, spec.num_features))
    seen = context.reshape(len(context), -1)
    hidden = seen
    for layer in range(spec.num_context_layers):
        part = f"context.hidden{layer}"
        mapped = torch.addmm(tensors[f"{part}.bias"][:, None], tensors[f"{part}.weight"], hidden)
        hidden = (mapped + hidden).relu()
    mean, scale = (
        torch.addmm(
            tensors["context.output.bias"][:, None], tensors["context.output.weight"], hidden
        )
        + tensors["context.stabiliser.weight"] @ seen
    )
    inverse = torch.exp(-(scale - SCALE_SHIFT).clamp(-SCALE_LIMIT, SCALE_LIMIT))
    difference = own.ravel() - mean
    mass = cdf((difference + 0.5) * inverse) - cdf((difference - 0.5) * inverse)
    return -torch.log2(mass.clamp_min(LEAST_MASS))


def cdf(x: Tensor) -> Tensor:
    return 0.5 - 0.5 * torch.sign(x) * torch.expm1(-x.abs())


def loss_of(
    spec: Spec, tensors: Parts, symbols: Parts, picture: Tensor, rd_weight: float
) -> Tensor:
    """Distortion + rd_weight * bits a pixel; the picture is (channels, height, width)."""
    pixels = pixels_of(spec, tensors, features_of_pixels(spec, tensors, symbols))
    distortion = (CutToUnit.apply(pixels) - picture).square().mean()
    bits = [bits_of(spec, tensors, symbols, name).sum() for name in symbols]
    return distortion + rd_weight * torch.stack(bits).sum() / (spec.height * spec.width)
