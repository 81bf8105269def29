"""The layers of the package, low to high, and the table of them in the documentation.

    python tools/layers.py      writes the table in docs/design/index.md anew

`tests/test_layers.py` fails when an import goes up, or when the table is not what this writes.
"""

import ast
import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "overtone"
PAGE = ROOT / "docs" / "design" / "index.md"

# A module may import its own row and the rows above it.
LAYERS = (
    ("errors", "config", "deadline", "extras", "files", "plugins", "shapes", "shipped"),
    ("imaging", "transform", "bitstream", "kernels"),
    ("entropy",),
    ("codecs", "models", "metrics", "data"),
    ("pillow_plugin", "integrations", "training", "tasks", "evaluate", "editing"),
    ("batch", "studio"),
    ("cli", "__main__"),
)
_PART = re.compile(r"(<!-- layers -->\n).*?(<!-- /layers -->)", re.DOTALL)


def refreshed(page: str) -> str:
    """The page with the table between its marks made anew."""
    return _PART.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", page)


def table() -> str:
    """A line for each module or package directly in `overtone`, in its row, and its packages."""
    lines = ["| row | name | what is in it |", "|--:|---|---|"]
    for number, names in enumerate(LAYERS, 1):
        for name in names:
            lines.append(f"| {number} | `{name}` | {first_sentence(name)} |")
            inner = sorted(path.parent for path in (PACKAGE / name).glob("*/__init__.py"))
            inner_names = [path.relative_to(PACKAGE).as_posix() for path in inner]
            lines += [f"| | `{each}` | {first_sentence(each)} |" for each in inner_names]
    return "\n".join(lines)


def first_sentence(name: str) -> str:
    """What the docstring of a module or package of `overtone` says first."""
    path = PACKAGE / name / "__init__.py"
    path = path if path.exists() else PACKAGE / f"{name}.py"
    words = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert words, f"{path} has no docstring"
    return " ".join(words.split("\n\n")[0].split()).removesuffix(".")


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text("utf-8")), "utf-8")
