"""The table of reproductions; another one is a file beside this and a line here."""

import importlib
from collections.abc import Sequence

from experiments.harness.item import Item
from overtone.errors import unknown_name

# Name -> module:name of its `Item`, imported on first use.
ITEMS = {
    "dfm-compression": "experiments.thesis_compression.page:ITEM",
    "composition": "experiments.composition.page:ITEM",
    "latent": "experiments.latent.page:ITEM",
    "dfm-generation": "experiments.thesis_generation.page:ITEM",
    "cifar10": "experiments.cifar10.page:ITEM",
    "balance": "experiments.balance.page:ITEM",
    "adaptation": "experiments.adaptation.page:ITEM",
    "dctransformer": "experiments.dctransformer.item:ITEM",
    "tables": "experiments.kodak.page:ITEM",
    "spectral-dictionary": "experiments.spectral_dictionary.item:ITEM",
    "speed": "experiments.speed.page:ITEM",
    "scale": "experiments.cluster.page:ITEM",
}
ALL = "all"


def get_item(name: str) -> Item:
    """A reproduction by its name.

    Raises:
        ConfigError: It is not in the table.
    """
    if name not in ITEMS:
        raise unknown_name("reproduction", name, [*ITEMS, ALL])
    module, _, attribute = ITEMS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def names_of(names: Sequence[str]) -> list[str]:
    """The items that these words stand for, in the order of the table.

    Raises:
        ConfigError: A word is no item.
    """
    if ALL in names:
        return list(ITEMS)
    for name in names:
        get_item(name)
    return [name for name in ITEMS if name in names]
