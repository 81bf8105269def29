"""The table of models."""

import difflib
import importlib

from overtone.errors import ConfigError
from overtone.models.base import AbstractModel

# Name -> "module:Class", imported on first use.
MODELS: dict[str, str] = {
    "pca": "overtone.models.pca.model:Pca",
    "fourier-generator": "overtone.models.fourier_generator.model:FourierGenerator",
    "series-generator": "overtone.models.series_generator.model:SeriesGenerator",
    "vae": "overtone.models.vae.model:Vae",
}


def get_model_class(name: str) -> type[AbstractModel]:
    """The class of the model of that name.

    Raises:
        ConfigError: There is none.
    """
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(MODELS)}"
        raise ConfigError(f"unknown model {name}; {hint}")
    module, _, attribute = MODELS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
