"""Tables of results in README.md and in hand-written pages, between their markers."""

import pathlib
import re
from collections.abc import Callable

from experiments.harness.item import Item, Step
from experiments.kodak.tables import (
    jpeg_repack,
    tiled_dct_ablation,
    tiled_dct_crossvalidated,
    tiled_dct_entropy,
)
from experiments.notch import tables as notch_tables
from experiments.speed import scale
from overtone.errors import ConfigError, unknown_name
from overtone.evaluate.rate_distortion.table import refreshed as with_results

README = "README.md"
# Name in a marker -> what stands there.
TABLES: dict[str, Callable[[pathlib.Path], str]] = {
    "jpeg_repack": jpeg_repack,
    "tiled-dct-ablation": tiled_dct_ablation,
    "tiled-dct-crossvalidated": tiled_dct_crossvalidated,
    "tiled-dct-entropy": tiled_dct_entropy,
    "notch-faint": notch_tables.faint,
    "notch-alarms": notch_tables.false_alarms,
    "notch-sinusoids": notch_tables.sinusoids,
    "notch-lines": notch_tables.dark_lines,
    "edit-borders": notch_tables.borders,
    "scale-corpus": scale.corpus,
    "scale-training": scale.training,
    "scale-processors": scale.processors,
}
_MARKED = re.compile(r"<!-- table: (?P<name>\S+) -->\n.*?<!-- /table -->", re.DOTALL)


def build(root: pathlib.Path) -> dict[str, str]:
    """Every document with a marker, its tables made anew."""
    texts = {}
    for path in (root / README, *sorted((root / "docs").rglob("*.md"))):
        text = path.read_text("utf-8") if path.exists() else ""
        if "<!-- table:" in text or "<!-- results:" in text:
            name = path.relative_to(root).as_posix()
            texts[name] = refreshed(with_results(text, root), root, name)
    return texts


def refreshed(text: str, root: pathlib.Path, document: str) -> str:
    """A document with what stands between its `table:` markers made anew.

    Raises:
        ConfigError: A marker is not closed, or names no table.
    """

    def block(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in TABLES:
            raise unknown_name(f"table in {document}", name, TABLES)
        return f"<!-- table: {name} -->\n{TABLES[name](root)}\n<!-- /table -->"

    made, count = _MARKED.subn(block, text)
    if count != text.count("<!-- table:"):
        raise ConfigError(f"a table marker in {document} is not closed by <!-- /table -->")
    return made


def kodak_step(script: str, *arguments: str, minutes: float, replaces: bool = False) -> Step:
    """A script over the folder of pictures."""
    return Step(
        script=script,
        arguments=("{data}/kodak", *arguments),
        needs=("kodak",),
        minutes=minutes,
        replaces=replaces,
    )


ITEM = Item(
    page=README,
    build=build,
    steps=(
        kodak_step("kodak.measure", minutes=20),
        kodak_step("kodak.measure", "--codecs", "tiled-dct,sparse-dct", minutes=15),
        kodak_step("jpeg_repack.measure", minutes=15, replaces=True),
        kodak_step("notch.measure", minutes=4, replaces=True),
        kodak_step("tiled_dct.ablate", "--every", "2", minutes=15),
        kodak_step("tiled_dct.entropy", minutes=3),
        kodak_step("tiled_dct.crossvalidate", "--effort", "default", minutes=20, replaces=True),
    ),
)
