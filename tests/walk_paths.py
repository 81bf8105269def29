"""Follows calls from the public functions down to native code, and prints them as in the docs.

    python tests/walk_paths.py

Run by tests/test_paths.py in a process of its own, where nothing wraps the functions. A call is a
frame of a module of `overtone` (comprehensions, whose frames newer Pythons do not have, are left
out), counted from the public function; in a worker thread the calls before it are added.
"""

from __future__ import annotations

import _thread
import contextlib
import json
import pathlib
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np
from helpers import scene

import overtone
from overtone.cli.main import main
from overtone.imaging.image import Picture, picture_to_bytes
from overtone.kernels import fit, fourier, ovt, sparse_dct, tiled_dct, transformer

FACES = {
    tiled_dct: "_tiled_dct",
    sparse_dct: "_sparse_dct",
    fourier: "_fourier",
    fit: "_fit",
    transformer: "_transformer",
    ovt: "_ovt",
}
UNCOUNTED = ("overtone.kernels.threads", "overtone.deadline")  # the pool, and limits of time
SIZE = (24, 40)  # height and width: not square
QUICK = {"effort": "fast", "num_threads": 1, "verify": False}

Chain = tuple[str, ...]


class Walk:
    """The chains of calls with which native functions were reached, shortest first found."""

    def __init__(self) -> None:
        self.found: dict[str, Chain] = {}

    def reached(self, native: str) -> None:
        """Notes the calls that are on the stack now."""
        chain = (*getattr(threading.current_thread(), "calls_before", ()), *_calls())
        if native not in self.found or len(chain) < len(self.found[native]):
            self.found[native] = chain

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While this is open, native functions and the threads that call them are watched."""
        start = _thread.start_new_thread

        def started(function: Callable[..., object], arguments: tuple[object, ...]) -> int:
            before = _calls()

            def run() -> None:
                thread = threading.current_thread()
                thread.calls_before = before  # pyright: ignore[reportAttributeAccessIssue]
                function(*arguments)

            return start(run, ())

        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.object(_thread, "start_new_thread", started))
            for face, name in FACES.items():
                spy = Spy(self, name, getattr(face, name))
                stack.enter_context(mock.patch.object(face, name, spy))
            yield


class Spy:
    """Stands for a native module, class or object, and reports what is called of it."""

    def __init__(self, walk: Walk, name: str, target: Any) -> None:
        self.__dict__.update(_walk=walk, _name=name, _target=target)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        return Spy(self._walk, f"{self._name}.{name}", value) if callable(value) else value

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._target, name, value)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        self._walk.reached(self._name)
        result = self._target(
            *map(_unwrapped, args), **{name: _unwrapped(each) for name, each in kwargs.items()}
        )
        is_object = isinstance(self._target, type)
        return Spy(self._walk, self._name, result) if is_object else result


def _unwrapped(argument: Any) -> Any:
    """What a spy stands for, so that native functions can take it."""
    return argument._target if isinstance(argument, Spy) else argument


def _calls() -> Chain:
    """Functions of `overtone` on the stack, outermost first."""
    calls = []
    frame = sys._getframe(1)
    while frame is not None:
        module, name = frame.f_globals.get("__name__", ""), frame.f_code.co_qualname
        is_comprehension = name.endswith(("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"))
        is_ours = module.startswith("overtone.") and module not in UNCOUNTED
        if is_ours and not is_comprehension:
            calls.append(f"{module.removeprefix('overtone.')}.{name}".replace(".<locals>", ""))
        frame = frame.f_back
    return tuple(reversed(calls))


def walk(work: Callable[[], object], first: str) -> dict[str, Chain]:
    """For each native function the calls to it, from the function `first` on."""
    watched = Walk()
    with watched.watching():
        work()
    return {
        native: chain[chain.index(first) :]
        for native, chain in watched.found.items()
        if first in chain
    }


def paths() -> dict[str, dict[str, Chain]]:
    """Name of each path to its native functions and the calls to them."""
    image = scene(*SIZE)
    found: dict[str, dict[str, Chain]] = {}
    for codec in ("tiled-dct", "sparse-dct", "dfm"):
        data = overtone.encode(image, codec=codec, **QUICK)
        found[f"overtone.encode, {codec}"] = walk(
            lambda codec=codec: overtone.encode(image, codec=codec, **QUICK),
            "codecs.registry.encode",
        )
        found[f"overtone.decode, {codec}"] = walk(
            lambda data=data: overtone.decode(data, num_threads=1), "codecs.registry.decode"
        )
    picture = picture_to_bytes(Picture(image, overtone.Metadata()), ".png")
    with tempfile.TemporaryDirectory() as folder:
        png, ovt, out = (str(pathlib.Path(folder, name)) for name in ("a.png", "a.ovt", "b.png"))
        pathlib.Path(png).write_bytes(picture)
        commands = {
            "encode": ["encode", png, "-o", ovt, "--effort", "fast", "--threads", "1"],
            "decode": ["decode", ovt, "-o", out, "--threads", "1"],
            "sample": ["sample", "mnist", "-o", out, "--force"],
        }
        for name, arguments in commands.items():
            found[f"overtone {name}"] = walk(
                lambda arguments=arguments: main(arguments), f"cli.{name}.{name}"
            )
    return found


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.stdout.write(json.dumps(paths()) + "\n")
