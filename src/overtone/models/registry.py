"""The table of models."""

import importlib

from overtone import plugins
from overtone.errors import unknown_name
from overtone.models.base import AbstractModel

# Name -> "module:Class", imported on first use.
MODELS: dict[str, str] = {
    "pca": "overtone.models.pca.model:Pca",
    "fourier-generator": "overtone.models.fourier_generator.model:FourierGenerator",
    "series-generator": "overtone.models.series_generator.model:SeriesGenerator",
    "dct-transformer": "overtone.models.dct_transformer.model:DctTransformer",
    "spectral-dictionary": "overtone.models.spectral_dictionary.model:SpectralDictionary",
    "vae": "overtone.models.vae.model:Vae",
}


def get_model_class(name: str) -> type[AbstractModel]:
    """The class of the model of that name.

    Raises:
        ConfigError: There is none.
    """
    if name not in MODELS:
        return _plugin(name)
    module, _, attribute = MODELS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _plugin(name: str) -> type[AbstractModel]:
    """The class of that name from another package."""
    others = plugins.names_in(plugins.MODELS)
    if name not in others:
        raise unknown_name("model", name, [*MODELS, *others])
    kind = plugins.load(plugins.MODELS, name)
    if not (isinstance(kind, type) and issubclass(kind, AbstractModel) and kind.name == name):
        wanted = f"a subclass of AbstractModel with the name {name}"
        raise plugins.expected(plugins.MODELS, name, kind, wanted)
    return kind
