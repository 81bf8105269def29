"""Pages anew from rows, each written whole or not at all."""

import pathlib
from collections.abc import Sequence

from experiments.harness.index import INDEX_PAGE, index_page
from experiments.registry import ALL, get_item, names_of
from overtone.errors import ConfigError
from overtone.files import write_atomically

FOLDERS = ("experiments", "docs")


def rebuild(items: Sequence[str] = (ALL,), root: str | pathlib.Path = ".") -> dict[str, bool]:
    """Writes the pages of reproductions, and the table of verdicts, from the rows of results.

    Args:
        items: Names in the table of reproductions, or "all".
        root: Folder with `experiments/` and `docs/`.

    Returns:
        The path of each page, relative to the root, and whether it is another than before.

    Raises:
        ConfigError: The root has no such folders, an item is unknown, or a row is malformed; the
            message names file and line. No page is written then.
        OSError: A page cannot be written.
    """
    root = check_root(root)
    texts = page_texts(items, root)
    changed = {}
    for page, text in texts.items():
        path = root / page
        changed[page] = not path.exists() or path.read_text("utf-8") != text
        if changed[page]:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text.encode())
    return changed


def page_texts(items: Sequence[str], root: pathlib.Path) -> dict[str, str]:
    """What the pages of these items, and that of the verdicts, say now."""
    texts: dict[str, str] = {}
    for name in names_of(items):
        texts |= get_item(name).build(root)
    return texts | {INDEX_PAGE: index_page(root)}


def check_root(root: str | pathlib.Path) -> pathlib.Path:
    """The root, if it has the folders that pages are written from and to."""
    path = pathlib.Path(root)
    missing = [f"{name}/" for name in FOLDERS if not (path / name).is_dir()]
    if missing:
        raise ConfigError(
            f"{path} has no {' and no '.join(missing)}; "
            "give the folder of a checkout, or one like it, with --root"
        )
    return path
