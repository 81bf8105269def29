"""Tells Pillow about `.ovt` files, without importing Pillow for those who do not use it.

Importing `overtone` registers the format at once if Pillow is there already, and otherwise as soon
as `PIL.Image` is imported: a one-time watcher on the import system waits for it. So
`import overtone` costs next to nothing, and the order of the two imports does not matter.
"""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

FORMAT = "OVT"
SUFFIX = ".ovt"
MAGIC = b"OVTN"
MIME_TYPE = "image/x-overtone"


def install() -> None:
    """Registers the format now, or when `PIL.Image` is imported."""
    image_module = sys.modules.get("PIL.Image")
    if image_module is not None:
        register(image_module)
    elif not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher())


def register(image_module: Any) -> None:
    """Adds the format to the tables of the module `PIL.Image`."""
    image_module.register_open(FORMAT, _open, lambda prefix: prefix.startswith(MAGIC))
    image_module.register_save(FORMAT, _save)
    image_module.register_extension(FORMAT, SUFFIX)
    image_module.register_mime(FORMAT, MIME_TYPE)


def _open(fp: Any, filename: Any) -> Any:
    from overtone.pillow_plugin.image_file import OvertoneImageFile

    return OvertoneImageFile(fp, filename)


def _save(image: Any, fp: Any, filename: Any) -> None:
    from overtone.pillow_plugin.image_file import save

    save(image, fp)


class _Watcher:
    """A finder that finds nothing itself, but notices the import of `PIL.Image` and then leaves."""

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The genuine spec, whose loader also registers the format after running the module."""
        if name != "PIL.Image":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        run_module = spec.loader.exec_module

        def run_and_register(module: ModuleType) -> None:
            run_module(module)
            register(module)

        spec.loader.exec_module = run_and_register
        return spec
