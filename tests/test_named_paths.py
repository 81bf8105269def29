"""Every file, folder and module of the repository that a page or docstring names is there."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "overtone"
# What these tell is how things were.
HISTORY = {"CHANGELOG.md", "docs/log.md"}
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "experiments/**/*.md", "examples/*.md")
    for path in ROOT.glob(pattern)
    if path.relative_to(ROOT).as_posix() not in HISTORY
)
SOURCES = sorted(
    path
    for folder in ("src", "experiments", "tools", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
# A path is written from the root, or from one of these; a page may also name its neighbours.
ORIGINS = (ROOT, PACKAGE, ROOT / "csrc", ROOT / "experiments", ROOT / "docs")
# Files of these kinds are the repository's wherever a text names them with a folder; others and
# folders only if they begin with a folder that is there: `pictures/a.png` is a reader's.
FOLDERS = ("src", "csrc", "docs", "experiments", "tests", "tools", "examples")
OURS = (".py", ".pyi", ".h", ".cpp", ".md", ".toml", ".jsonl", ".sh", ".bin", ".yml")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
PATH = re.compile(r"(?<![\w./~$>-])\.{0,2}/?(?:[\w.-]+/)+[\w.-]*(?![\w*<{/…])")
MODULE = re.compile(r"(?<![\w./-])(?:overtone|experiments)(?:\.\w+)+(?![\w*/(-])")


def code_of(text):
    """Each piece of code in a Markdown text, with the number of its first line."""
    for found in CODE.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[0].strip("`")


def is_there(name, page):
    return any((origin / name).exists() for origin in (*ORIGINS, page.parent))


def is_ours(name):
    first = name.split("/")[0]
    in_package = name.endswith("/") and (PACKAGE / first).is_dir()
    return name.endswith(OURS) or first in FOLDERS or in_package


def module_is_there(name):
    """Whether a dotted name is a module, or something that a module defines."""
    first, *parts = name.split(".")
    place = PACKAGE if first == "overtone" else ROOT / first
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    if parts and (place / f"{parts[0]}.py").exists():
        place = place / f"{parts.pop(0)}.py"
    if not parts:
        return True
    text = (place if place.is_file() else place / "__init__.py").read_text("utf-8")
    return re.search(rf"\b{parts[0]}\b", text) is not None


def stale(text, page):
    """What a Markdown text names and is not there, each as line: name."""
    for line, code in code_of(text):
        for found in PATH.finditer(code):
            name = found[0].rstrip(".")
            if is_ours(name) and not is_there(name, page):
                yield f"{line + code.count(chr(10), 0, found.start())}: {name}"
        for found in MODULE.finditer(code):
            if not module_is_there(found[0]):
                yield f"{line + code.count(chr(10), 0, found.start())}: {found[0]}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_page_names_is_there(path):
    found = [f"{path.relative_to(ROOT)}:{each}" for each in stale(path.read_text("utf-8"), path)]
    assert not found, "\n".join(found)


def test_what_docstrings_name_is_there():
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                place = getattr(node, "lineno", 1)
                words = ast.get_docstring(node) or ""
                where = f"{path.relative_to(ROOT)}:{place}"
                found += [f"{where}: {each}" for each in stale(words, path)]
    assert not found, "\n".join(found)


def test_stale_names_are_found():
    text = """
Files `codecs/registry.py` and `src/overtone/codecs/`, `data/mnist`, `overtone.encode`,
module `overtone.codecs.registry.encode`, `pictures/a.png`,
`python -m experiments.kodak.measure path/to/kodak`.
Gone: `codecs/gone.py`, `docs/gone/`.

```
python tools/gone.py
python -m experiments.gone.measure
```
and `overtone.codecs.registry.gone`.
"""
    assert list(stale(text, ROOT / "README.md")) == [
        *("5: codecs/gone.py", "5: docs/gone/", "8: tools/gone.py"),
        *("9: experiments.gone.measure", "11: overtone.codecs.registry.gone"),
    ]
