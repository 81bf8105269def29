"""Experiments run again: the scripts of a checkout, one after the other, as programs."""

import contextlib
import dataclasses
import os
import pathlib
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from types import FrameType

from experiments.harness.item import Step
from experiments.registry import get_item, names_of
from overtone.errors import ConfigError, OvertoneError

PACKAGE = "experiments"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StepError(OvertoneError, RuntimeError):
    """A script ended with an error of its own."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where an experiment finds what it needs.

    Attributes:
        root: Of the checkout; scripts run there.
        data: Folder with a folder for each data set.
        work: Folder of training runs, which go on where they were stopped.
        feature_weights: File of the weights of `efficientnet-lite0`, where no package brings them.
    """

    root: pathlib.Path
    data: pathlib.Path
    work: pathlib.Path
    feature_weights: pathlib.Path | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """A step of an item, ready to run."""

    item: str
    step: Step
    words: tuple[str, ...]

    def __str__(self) -> str:
        return shlex.join(("python", *self.words[1:]))


def commands_of(items: Sequence[str], paths: Paths) -> list[Command]:
    """What measures the rows of these items, in order; shared steps come once.

    Raises:
        ConfigError: An item is unknown, or data are missing: all that are missing are named.
    """
    commands: dict[tuple[str, ...], Command] = {}
    known = _paths_by_mark(paths)
    for name in names_of(items):
        for step in get_item(name).steps:
            words = (sys.executable, "-m", f"{PACKAGE}.{step.script}", *step.filled(known))
            commands.setdefault(words, Command(name, step, words))
    _check(list(commands.values()), paths)
    return list(commands.values())


def _paths_by_mark(paths: Paths) -> dict[str, str]:
    """What stands for the marks in arguments; absolute, because scripts run in the root."""
    known = {"{data}": paths.data, "{work}": paths.work, "{weights}": paths.feature_weights}
    return {mark: str(path.absolute()) for mark, path in known.items() if path is not None}


def _check(commands: Sequence[Command], paths: Paths) -> None:
    needs = dict.fromkeys(need for command in commands for need in command.step.needs)
    missing = [need for need in needs if not (paths.data / need).exists()]
    if missing:
        raise ConfigError(f"{paths.data} has no {', '.join(missing)}; give the folder with --data")


def run(command: Command, paths: Paths) -> None:
    """Runs one script to its end; what it prints goes where ours does.

    SIGINT and SIGTERM are passed on, and then it is waited for, so that a training run can save
    what it has. This works in the main thread only.

    Raises:
        StepError: It ended with another exit code than 0.
        KeyboardInterrupt: It ended after a signal was passed on.
    """
    paths.work.mkdir(parents=True, exist_ok=True)
    # A group of its own: otherwise a terminal's Ctrl-C would reach it twice, and the second signal
    # ends a training run without saving.
    group = 0 if os.name == "posix" else None
    with (
        _relayed_signals() as relay,
        subprocess.Popen(command.words, cwd=paths.root, process_group=group) as process,
    ):
        relay.attach(process)
        code = process.wait()
    if relay.received:
        raise KeyboardInterrupt
    if code:
        raise StepError(f"{command} ended with exit code {code}; the same command goes on there")


class _Relay:
    """Hands signals on to a process, also those that came before it was there."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None

    def attach(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        for number in self.received:
            process.send_signal(number)

    def handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.received.append(number)
        if self._process is not None:
            self._process.send_signal(number)


@contextlib.contextmanager
def _relayed_signals() -> Iterator[_Relay]:
    relay = _Relay()
    before = {number: signal.signal(number, relay.handle) for number in _SIGNALS}
    try:
        yield relay
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
