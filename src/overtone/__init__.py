"""Compress, generate and edit images in the frequency domain."""

import importlib
from typing import TYPE_CHECKING

from overtone.pillow_plugin import hook

if TYPE_CHECKING:
    from overtone.bitstream.container import Metadata as Metadata
    from overtone.codecs.dfm.fit_image import fit as fit
    from overtone.codecs.dfm.network import open_network as open_network
    from overtone.codecs.info import info as info
    from overtone.codecs.registry import decode as decode
    from overtone.codecs.registry import encode as encode
    from overtone.codecs.registry import shorten as shorten
    from overtone.codecs.sparse_dct.jpeg import repack_jpeg as repack_jpeg
    from overtone.codecs.sparse_dct.jpeg import to_jpeg as to_jpeg
    from overtone.editing.edit import edit as edit
    from overtone.editing.spectrum import spectrum as spectrum
    from overtone.errors import BitstreamError as BitstreamError
    from overtone.errors import CheckpointError as CheckpointError
    from overtone.errors import ConfigError as ConfigError
    from overtone.errors import DataError as DataError
    from overtone.errors import FitError as FitError
    from overtone.errors import ImageError as ImageError
    from overtone.errors import ModelError as ModelError
    from overtone.errors import OvertoneError as OvertoneError
    from overtone.errors import TrainError as TrainError
    from overtone.kernels.fourier import NetSpec as NetSpec
    from overtone.models.layers.fourier_layer import FourierLayer as FourierLayer
    from overtone.models.layers.fourier_layer import FourierNetwork as FourierNetwork
    from overtone.models.spectral_dictionary.atom_table import atoms as atoms
    from overtone.models.store import load_model as load_model
    from overtone.tasks.balance import balance as balance
    from overtone.tasks.complete import colorize as colorize
    from overtone.tasks.complete import upscale as upscale
    from overtone.tasks.fit_pictures import fit_pictures as fit_pictures
    from overtone.tasks.interpolate import interpolate as interpolate
    from overtone.tasks.mixing import mix_rare_classes as mix_rare_classes
    from overtone.tasks.reconstruct import reconstruct as reconstruct
    from overtone.tasks.sample import sample as sample
    from overtone.tasks.thin_regions import fill_thin_regions as fill_thin_regions
    from overtone.training.run import train as train

__version__ = "0.1.0"

# Public name -> the module it lives in, imported on first use.
_PUBLIC = {
    "BitstreamError": "overtone.errors",
    "CheckpointError": "overtone.errors",
    "ConfigError": "overtone.errors",
    "DataError": "overtone.errors",
    "FitError": "overtone.errors",
    "FourierLayer": "overtone.models.layers.fourier_layer",
    "FourierNetwork": "overtone.models.layers.fourier_layer",
    "ImageError": "overtone.errors",
    "Metadata": "overtone.bitstream.container",
    "ModelError": "overtone.errors",
    "NetSpec": "overtone.kernels.fourier",
    "OvertoneError": "overtone.errors",
    "TrainError": "overtone.errors",
    "atoms": "overtone.models.spectral_dictionary.atom_table",
    "balance": "overtone.tasks.balance",
    "colorize": "overtone.tasks.complete",
    "decode": "overtone.codecs.registry",
    "edit": "overtone.editing.edit",
    "encode": "overtone.codecs.registry",
    "fill_thin_regions": "overtone.tasks.thin_regions",
    "fit": "overtone.codecs.dfm.fit_image",
    "fit_pictures": "overtone.tasks.fit_pictures",
    "info": "overtone.codecs.info",
    "interpolate": "overtone.tasks.interpolate",
    "load_model": "overtone.models.store",
    "mix_rare_classes": "overtone.tasks.mixing",
    "open_network": "overtone.codecs.dfm.network",
    "reconstruct": "overtone.tasks.reconstruct",
    "repack_jpeg": "overtone.codecs.sparse_dct.jpeg",
    "sample": "overtone.tasks.sample",
    "shorten": "overtone.codecs.registry",
    "spectrum": "overtone.editing.spectrum",
    "to_jpeg": "overtone.codecs.sparse_dct.jpeg",
    "train": "overtone.training.run",
    "upscale": "overtone.tasks.complete",
}

__all__ = sorted(["__version__", *_PUBLIC])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__


hook.install()
