"""Runs a module of Python with the native modules of another build.

    python tools/sanitized.py build/sanitize pytest tests/test_dfm.py

Modules built with sanitizers need the sanitizers' library loaded first, see `make sanitize`.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import pathlib
import runpy
import sys
from collections.abc import Sequence
from types import ModuleType

from typing_extensions import override

PREFIX = "overtone.kernels._"


class Finder(importlib.abc.MetaPathFinder):
    """Finds the native modules below a folder.

    Args:
        folder: Where they have been built.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self.modules = {path.name.split(".")[0]: path for path in folder.rglob("_*.so")}
        if not self.modules:
            raise SystemExit(f"sanitized: no native module below {folder}; build there first")

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module of that name, if it is a native one."""
        if not fullname.startswith(PREFIX):
            return None
        return importlib.util.spec_from_file_location(
            fullname, self.modules[fullname.rpartition(".")[2]]
        )


def main() -> None:
    """Runs what the arguments name."""
    folder, name, *arguments = sys.argv[1:]
    sys.meta_path.insert(0, Finder(pathlib.Path(folder)))
    sys.argv = [name, *arguments]
    if name.endswith(".py"):
        sys.path.insert(0, str(pathlib.Path(name).parent))
        runpy.run_path(name, run_name="__main__")
    else:
        runpy.run_module(name, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
