"""The table of reproductions; another one is a file beside this and a line here."""

import importlib
from collections.abc import Sequence

from overtone.errors import unknown_name
from overtone.reproduction.item import Item

# Name -> module:name of its `Item`, imported on first use.
ITEMS = {
    "dfm-compression": "overtone.reproduction.dfm_compression:ITEM",
    "dfm-generation": "overtone.reproduction.dfm_generation:ITEM",
    "balance": "overtone.reproduction.balance:ITEM",
    "dctransformer": "overtone.reproduction.dctransformer:ITEM",
    "tables": "overtone.reproduction.tables:ITEM",
    "spectral-dictionary": "overtone.reproduction.spectral_dictionary:ITEM",
    "speed": "overtone.reproduction.speed:ITEM",
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
