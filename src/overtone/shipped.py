"""Where the trained models and weights of the package `overtone-image-models` are."""

import importlib.util
import pathlib

MODULE = "overtone_models"
INSTALL = "pip install overtone-image-models"


def trained_folder() -> pathlib.Path | None:
    """The folder of the trained models and the names of their classes; None if not installed."""
    return _folder("trained")


def features_folder() -> pathlib.Path | None:
    """The folder of the weights of feature networks; None if not installed."""
    return _folder("features")


def _folder(name: str) -> pathlib.Path | None:
    found = importlib.util.find_spec(MODULE)
    return pathlib.Path(found.origin).parent / name if found and found.origin else None
