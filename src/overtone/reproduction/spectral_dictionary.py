"""Spectral dictionaries: so far what their rows say about the claims; they have no page yet."""

import pathlib

from overtone.reproduction.dictionary_claims import judge
from overtone.reproduction.index import INDEX_PAGE
from overtone.reproduction.item import Item


def build(root: pathlib.Path) -> dict[str, str]:
    """No page."""
    del root
    return {}


ITEM = Item(page=INDEX_PAGE, build=build, judge=judge)
