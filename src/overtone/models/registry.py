"""The table of models."""

import importlib

from overtone import plugins
from overtone.models.base import AbstractModel

# Name -> "module:Class", imported on first use.
MODELS: dict[str, str] = {
    "pca": "overtone.models.pca.model:Pca",
    "fourier-generator": "overtone.models.fourier_generator.model:FourierGenerator",
    "series-generator": "overtone.models.series_generator.model:SeriesGenerator",
    "dct-transformer": "overtone.models.dct_transformer.model:DctTransformer",
    "dct-completer": "overtone.models.dct_completer.model:DctCompleter",
    "dct-flow": "overtone.models.dct_flow.model:DctFlow",
    "local-dictionary": "overtone.models.local_dictionary.model:LocalDictionary",
    "spectral-dictionary": "overtone.models.spectral_dictionary.model:SpectralDictionary",
    "local-series-generator": "overtone.models.local_series.model:LocalSeriesGenerator",
    "local-series-autoencoder": "overtone.models.local_series.autoencoder:LocalSeriesAutoencoder",
    "local-series-flow": "overtone.models.local_series.flow:LocalSeriesFlow",
    "vae": "overtone.models.vae.model:Vae",
}


def get_model_class(name: str) -> type[AbstractModel]:
    """The class of the model of that name.

    Raises:
        ConfigError: There is none.
    """
    if name not in MODELS:
        return plugins.load_named(plugins.MODELS, name, AbstractModel, "model", MODELS)
    module, _, attribute = MODELS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
