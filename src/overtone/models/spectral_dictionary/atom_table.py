"""The dictionary of a spectral dictionary: each atom in numbers and as a picture."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overtone.errors import ConfigError
from overtone.models.base import AbstractModel, ImageSpec
from overtone.models.spectral_dictionary.atoms import AtomTable
from overtone.models.spectral_dictionary.model import SpectralDictionary
from overtone.models.store import resolve_model
from overtone.shapes import Float, Float64, UInt8

_TILE_PX = 64  # sides of a picture at least; pixels are repeated up to it
_CURVE_PX = 15  # height of the band of one modulation curve
_CURVE_COLORS = ((208, 52, 44), (32, 128, 60), (40, 80, 200))


@dataclasses.dataclass(frozen=True)
class Atom:
    """One atom of a dictionary.

    Attributes:
        number: Place in a latent vector.
        energy: Mean square, over values and training images, of what it adds to an image in
            [-1, 1].
        share: The atom's part of the sum of all atoms' energies, 0..1. Atoms that are not
            orthogonal also cancel one another, so the energies need not sum to that of the images.
        frequency: Cycles a signal; or cycles an image along x and y.
        phase: Turns, at the start of the signal or at the upper left corner along x and y.
        amplitude: Before modulation.
        color: Weights of the channels; None where an atom runs through all channels.
        modulation: Root mean square of what is added over time, or over the image: to the
            amplitude, to the frequency (cycles) and to the phase (turns).
        picture: The atom, gray where it is 0, and below it the modulation: curves of amplitude
            (red), frequency (green) and phase (blue) over time, each on its own scale, or the
            amplitude as a picture.
    """

    number: int
    energy: float
    share: float
    frequency: tuple[float, ...]
    phase: tuple[float, ...]
    amplitude: float
    color: tuple[float, ...] | None
    modulation: dict[str, float]
    picture: UInt8[np.ndarray, "h w c"] = dataclasses.field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Everything but the picture, ready for JSON."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "picture"
        }


def atoms(
    model: str | pathlib.Path | AbstractModel, num_atoms: int | None = None
) -> tuple[Atom, ...]:
    """The atoms of a trained spectral dictionary, those of most energy first.

    Args:
        model: A model, the path of its file or of a finished run, or the name of one that comes
            with the package.
        num_atoms: Only the first so many.

    Raises:
        ModelError: There is no such model, or its file is damaged.
        ConfigError: It is no spectral dictionary, or `num_atoms` is below 1.
    """
    found = resolve_model(model)
    if not isinstance(found, SpectralDictionary):
        raise ConfigError(f"a {found.name} has no atoms; give a model of {SpectralDictionary.name}")
    if num_atoms is not None and num_atoms < 1:
        raise ConfigError(f"at least 1 atom is needed, got {num_atoms}")
    with torch.no_grad():
        values = found.atoms()
    table, energies = found.atoms.table(), found.energies(values).double().numpy()
    total = max(float(energies.sum()), np.finfo(float).tiny)
    strongest = [int(number) for number in np.argsort(-energies, kind="stable")[:num_atoms]]
    pictures = _pictures(values, table, found.spec)
    return tuple(
        Atom(
            number=number,
            energy=float(energies[number]),
            share=float(energies[number]) / total,
            frequency=_numbers(table.frequencies[number]),
            phase=tuple(turns % 1 for turns in _numbers(table.phases[number])),
            amplitude=float(table.amplitudes[number]),
            color=None if table.colors is None else _numbers(table.colors[number]),
            modulation={
                name: float(values.double().square().mean().sqrt())
                for name, values in zip(table.names, table.modulation[:, number], strict=True)
            },
            picture=pictures[number],
        )
        for number in strongest
    )


def _numbers(values: Tensor) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _pictures(
    values: Float[Tensor, "k v"], table: AtomTable, spec: ImageSpec
) -> UInt8[np.ndarray, "k h w c"]:
    """Atom over modulation, enlarged by whole factors."""
    factor = -(-_TILE_PX // max(spec.height, spec.width))
    shape = (-1, spec.channels, spec.height, spec.width)
    images = _enlarged(_levels(values.double().numpy()).reshape(shape), factor)
    if table.colors is None:
        below = _curves(table.modulation.double().numpy(), spec.width * factor, spec.channels)
    else:
        amplitude = (table.amplitudes[:, None] + table.modulation[0]).double().numpy()
        levels = _levels(amplitude).reshape(-1, 1, spec.height, spec.width)
        below = _enlarged(np.repeat(levels, spec.channels, axis=1), factor)
    return np.concatenate([images, below], axis=1)


def _levels(values: Float64[np.ndarray, "k v"]) -> UInt8[np.ndarray, "k v"]:
    """Each row over its largest magnitude; 0 is the middle gray."""
    largest = np.maximum(np.abs(values).max(1, keepdims=True), np.finfo(float).tiny)
    return np.rint(127.5 + 127.5 * values / largest).astype(np.uint8)


def _enlarged(images: UInt8[np.ndarray, "k c h w"], factor: int) -> UInt8[np.ndarray, "k _ _ c"]:
    return images.repeat(factor, 2).repeat(factor, 3).transpose(0, 2, 3, 1)


def _curves(
    modulation: Float64[np.ndarray, "o k p"], width: int, channels: int
) -> UInt8[np.ndarray, "k _ _ c"]:
    """A band for each modulated quantity, each on a scale of its own, over time.

    A column shows the range of its times, so that no swing is missed.
    """
    num_kinds, num_atoms, num_times = modulation.shape
    tiles = np.full((num_atoms, num_kinds * _CURVE_PX, width, channels), 255, np.uint8)
    edges = np.linspace(0, num_times, width + 1).astype(int)
    middle = (_CURVE_PX - 1) / 2
    rows = np.arange(_CURVE_PX)[None, :, None]
    for kind, curves in enumerate(modulation):
        largest = np.abs(curves).max(1, keepdims=True)
        places = middle - (middle - 1) * curves / np.maximum(largest, np.finfo(float).tiny)
        starts = np.minimum(edges[:-1], num_times - 1)
        highest = np.rint(np.minimum.reduceat(places, starts, axis=1))[:, None]
        lowest = np.rint(np.maximum.reduceat(places, starts, axis=1))[:, None]
        is_line = (rows >= highest) & (rows <= lowest)
        band = tiles[:, kind * _CURVE_PX : (kind + 1) * _CURVE_PX]
        band[:, int(middle)] = 215  # the axis
        color = _CURVE_COLORS[kind % len(_CURVE_COLORS)]
        band[is_line] = color if channels == 3 else 0
    return tiles
