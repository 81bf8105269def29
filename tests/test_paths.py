"""Native code and arithmetic are few calls away, and docs/design/paths.md tells which."""

import json
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PAGE = ROOT / "docs" / "design" / "paths.md"
# Most calls of Python until native code is called, and most calls until arithmetic.
LIMITS = {"overtone.": (4, 7), "overtone ": (6, 9)}
# What goes beyond them, and by how many; the page says why.
BEYOND = {
    "overtone.encode, dfm": (5, 6),
    "overtone.decode, tiled-dct": (0, 3),
    "overtone.decode, sparse-dct": (0, 2),
    "overtone.decode, dfm": (0, 1),
    "overtone decode": (0, 3),
}


def limits(path):
    native, arithmetic = LIMITS[path[: len("overtone.")]]
    more_native, more_arithmetic = BEYOND.get(path, (0, 0))
    return native + more_native, arithmetic + more_arithmetic


def written():
    """Path to (calls to native code, native function, functions of C++) as the page has them."""
    rows = re.findall(r"^### `([^`\n]+)`$\n\n(.+?)(?=^#|\Z)", PAGE.read_text("utf-8"), re.M | re.S)
    found = {}
    for path, text in rows:
        calls, native, functions = [], None, []
        for name, called in re.findall(
            r"^\d+\. `(.+?)`(?:, which calls native `(.+)`)?", text, re.M
        ):
            native = called or native
            (functions if "::" in name else calls).append(name)
        found[path] = (calls, native, functions)
    return found


@pytest.fixture(scope="module")
def walked():
    """Path to native functions and the calls to them, in a process where nothing is wrapped."""
    script = str(ROOT / "tests" / "walk_paths.py")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_page_has_every_path(walked):
    assert written().keys() == walked.keys()


@pytest.mark.parametrize("path", written(), ids=str)
def test_the_page_tells_the_calls_that_are_made(walked, path):
    calls, native, _ = written()[path]
    assert walked[path][native] == calls


@pytest.mark.parametrize("path", written(), ids=str)
def test_native_code_and_arithmetic_are_near(walked, path):
    calls, _, functions = written()[path]
    most_native, most_arithmetic = limits(path)
    assert min(map(len, walked[path].values())) <= most_native
    assert len(calls) <= most_native
    assert functions or path == "overtone sample"
    if functions:
        assert len(calls) + len(functions) <= most_arithmetic


@pytest.mark.parametrize("path", written(), ids=str)
def test_functions_of_the_native_code_exist(path):
    files = [file for file in (ROOT / "csrc").rglob("*") if file.suffix in (".h", ".cpp")]
    for function in written()[path][2]:
        owner, name = function.split("::")[-2:]
        defined = rf"^\s*(?:class|struct|namespace) (?:\w+::)*{owner}\b"
        homes = {f.parent for f in files if re.search(defined, f.read_text("utf-8"), re.M)}
        near = [f.read_text("utf-8") for f in files if f.parent in homes]
        assert any(re.search(rf"\b{name}\(", text) for text in near), function


def test_native_modules_have_one_face():
    """Only the faces in `kernels` import native modules, and each face one of them."""
    natives = {path.stem for path in (ROOT / "src" / "overtone" / "kernels").glob("_*.pyi")}
    importers = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        text = path.read_text("utf-8")
        for native in natives:
            if re.search(rf"import {native}$|kernels\.{native}\b", text, re.M):
                importers.setdefault(path.relative_to(ROOT / "src").as_posix(), []).append(native)
    assert {name.rsplit("/", 1)[0] for name in importers} == {"overtone/kernels"}
    assert all(len(own) == 1 for own in importers.values()), importers
    assert {native for own in importers.values() for native in own} == natives
