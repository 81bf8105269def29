"""Encoding a picture: train its machine, round the weights, write what is left as integers."""

import dataclasses
import math

import numpy as np

from overtone.bitstream.container import Container, Layout
from overtone.codecs.base import EncodeOptions, ProgressCallback
from overtone.codecs.dfm_latent.config import LatentConfig, rd_weight
from overtone.codecs.dfm_latent.header import CODEC_ID
from overtone.codecs.dfm_latent.shared import shipped_starts
from overtone.codecs.dfm_latent.sizes import machine_spec
from overtone.codecs.dfm_latent.train import Trainer, train
from overtone.codecs.dfm_latent.weights import quantise_weights
from overtone.errors import FitError
from overtone.kernels.latent import Loss
from overtone.kernels.latent_file import MAX_SYMBOL, Machine, pack, weight_code
from overtone.kernels.latent_shape import Shapes
from overtone.shapes import Float32, UInt8

_TRAINING_SHARE = 0.97  # of the time; the rest is the search for steps
_MAX_TRIALS = 3  # trainings of a picture that ends as one colour
_LEAST_GAIN_DB = 1.0  # over one colour
# What a picture of nearly one colour may be off by: 2 λ, about what that price of a bit leaves of
# the error of noise, but never more than 8 levels.
_FLAT_RD_WEIGHTS, _FLAT_LIMIT = 2.0, (8 / 255) ** 2
# Bits of weights count as in a picture of so many pixels at least, or few pixels were not worth the
# digits of their colour.
_LEAST_PX = 4096


@dataclasses.dataclass(frozen=True, slots=True)
class EncodedMachine:
    """What the file needs, and what it is worth.

    Attributes:
        shapes: The machine's.
        machine: Its integers.
        loss: Distortion and bits of the symbols, of the rounded weights.
        cost: Distortion + λ · bits a pixel, with those of the weights.
    """

    shapes: Shapes
    machine: Machine
    loss: Loss
    cost: float

    def container(self, options: EncodeOptions) -> Container:
        """The file."""
        spec = self.shapes.spec
        return Container(
            codec_id=CODEC_ID,
            width=spec.width,
            height=spec.height,
            layout=Layout(spec.channels),
            sections=(pack(self.shapes, self.machine),),
            metadata=options.metadata,
        )


def encode_picture(
    image: UInt8[np.ndarray, "h w c"], config: LatentConfig, options: EncodeOptions
) -> EncodedMachine:
    """The machine of a picture as integers.

    Raises:
        FitError: Every training ended as a picture of one colour.
    """
    variance = float(np.mean(np.var(image / 255.0, axis=(0, 1))))
    for trial in range(_MAX_TRIALS):
        encoded = _trained(image, config, options, seed=options.seed + trial)
        if not _has_collapsed(encoded, variance, rd_weight(options.quality)):
            return encoded
    raise FitError(
        f"the picture came out as one colour {_MAX_TRIALS} times, so nothing was written; raise "
        "the quality or the effort, or choose codec tiled-dct"
    )


def _has_collapsed(encoded: EncodedMachine, variance: float, weight: float) -> bool:
    """Whether the picture is hardly better than one colour, and not worth its bits."""
    flat_limit = min(_FLAT_RD_WEIGHTS * weight, _FLAT_LIMIT)
    limit = max(variance * 10 ** (-_LEAST_GAIN_DB / 10), flat_limit)
    return encoded.loss.distortion > limit and encoded.cost > variance


def _trained(
    image: UInt8[np.ndarray, "h w c"], config: LatentConfig, options: EncodeOptions, *, seed: int
) -> EncodedMachine:
    weight, report = rd_weight(options.quality), options.progress
    start = None
    if config.start == "shared":
        start = shipped_starts().nearest(machine_spec(image.shape, config.sizes), weight)
    trainer = Trainer(
        image,
        config.sizes,
        config.train,
        rd_weight=weight,
        start=start,
        seed=seed,
        num_threads=options.num_threads,
        progress=None if report is None else _first_part(report),
    )
    state = train(trainer, config.train)
    machine, shapes = trainer.machine, trainer.machine.shapes
    num_pixels = image.shape[0] * image.shape[1]

    def loss_of(weights: Float32[np.ndarray, "weights"]) -> Loss:
        machine.parameters = weights
        return machine.evaluate(trainer.hard, is_rounded=True)

    def cost_of(weights: Float32[np.ndarray, "weights"], bits: float) -> float:
        return loss_of(weights).total(weight) + weight * bits / max(num_pixels, _LEAST_PX)

    found = quantise_weights(shapes, state.parameters, cost_of, start)
    loss = loss_of(found.weights(shapes))
    symbols = machine.symbols.clip(-MAX_SYMBOL, MAX_SYMBOL).astype(np.int8)
    code = weight_code(shapes, found.exponents, found.integers, start)
    integers = Machine(found.exponents, code.scales, found.integers, symbols, start)
    if report is not None:
        rate_bpp = loss.rate_bpp + code.bits / num_pixels
        report(1.0, f"{rate_bpp:.3f} bpp, {-10 * math.log10(max(loss.distortion, 1e-10)):.2f} dB")
    return EncodedMachine(shapes, integers, loss, found.cost)


def _first_part(report: ProgressCallback) -> ProgressCallback:
    return lambda fraction, message: report(_TRAINING_SHARE * fraction, message)
