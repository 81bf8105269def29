"""Trains a toy model in processes that are killed at several moments; see test_resume.py.

Each child is forked, killed by SIGKILL, and the next goes on with its run. Usage: FOLDER.
"""

from __future__ import annotations

import os
import pathlib
import random
import signal
import sys
import time
from collections.abc import Callable

from torch.utils.tensorboard import SummaryWriter
from toy_training import toy_images, toy_settings

from overtone import files
from overtone.training.checkpoint import CheckpointFolder
from overtone.training.loop import Loop
from overtone.training.prepare import TrainRequest
from overtone.training.run import describe_run, train


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before_call(owner: object, name: str, number: int) -> None:
    """The process dies when `owner.name` is called for the `number`th time."""
    real, calls = getattr(owner, name), []

    def call(*arguments, **words):
        calls.append(None)
        if len(calls) == number:
            die()
        return real(*arguments, **words)

    setattr(owner, name, call)


def in_write(number: int) -> None:
    """The process dies with half of the `number`th file written under its temporary name."""
    real, calls = files.write_atomically, []

    def write(path, data):
        calls.append(None)
        if len(calls) == number:
            path.with_name(f".{path.name}.part").write_bytes(data[: len(data) // 2])
            die()
        real(path, data)

    for module in list(sys.modules.values()):
        if getattr(module, "write_atomically", None) is real:
            vars(module)["write_atomically"] = write


def deaths(rng: random.Random) -> list[Callable[[], None]]:
    return [
        lambda: in_write(1),  # before there is a plan
        lambda: before_call(CheckpointFolder, "save", 1),
        lambda: before_call(Loop, "step", rng.randrange(2, 24)),
        lambda: in_write(rng.randrange(1, 3)),
        lambda: before_call(pathlib.Path, "replace", rng.randrange(1, 3)),
        lambda: before_call(pathlib.Path, "unlink", 1),
        lambda: before_call(Loop, "step", rng.randrange(2, 24)),
    ]


def run(folder: pathlib.Path, model: str) -> None:
    resume = (folder / "run.json").exists()
    if folder.exists() and not resume:
        for path in folder.iterdir():  # what a user is told to do
            path.unlink()
    words = () if resume else toy_settings(model)
    train(None if resume else model, toy_images(), out=folder, settings=words, resume=resume)


def fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    return pid


def main() -> None:
    folder, rng = pathlib.Path(sys.argv[1]), random.Random(3)
    SummaryWriter(folder / "unused").close()  # what is loaded here need not be by each child
    request = TrainRequest("vae", toy_images(), settings=toy_settings("vae"))
    describe_run(folder / "whole", request)
    os.waitpid(fork(lambda: run(folder / "whole", "vae")), 0)
    killed = folder / "killed"
    for death in deaths(rng):

        def work(death: Callable[[], None] = death) -> None:
            death()
            run(killed, "vae")

        _, status = os.waitpid(fork(work), 0)
        assert os.WIFSIGNALED(status), "it was to be killed and was not"
    pid = fork(lambda: run(killed, "vae"))  # and once from outside, whenever that is
    time.sleep(rng.random() * 0.2)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    _, status = os.waitpid(fork(lambda: run(killed, "vae")), 0)
    assert status == 0


if __name__ == "__main__":
    main()
