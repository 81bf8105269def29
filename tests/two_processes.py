"""Trains toy models in two processes that share each batch; see test_processes.py.

What is imported once is shared by forked children. Usage: FOLDER. It leaves there, as JSON, what
each scene has found, and what its processes have written on standard error.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter
from toy_training import TOY_NETWORKS, TOY_TRAINING, toy_images, toy_settings

from overtone.cli.main import main as command
from overtone.data import BatchOrder
from overtone.errors import DataError
from overtone.models.base import ImageSpec
from overtone.models.registry import MODELS, get_model_class
from overtone.models.vae.model import Vae
from overtone.training import processes as module
from overtone.training.checkpoint import CheckpointFolder
from overtone.training.feed import ImageFeed
from overtone.training.log import read_log
from overtone.training.loop import Loop
from overtone.training.peers import PeerError
from overtone.training.plan import resolve_plan
from overtone.training.processes import ALONE, Processes, joined
from overtone.training.run import train
from overtone.training.state import TrainState, derived_generator

CPU = torch.device("cpu")
NUM_STEPS = 3
BATCH_SIZE = 13  # of which the processes have seven and six
# Models, with settings beyond those of the toys, whose losses have branches of their own.
VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    **{name: (name, ()) for name in sorted(MODELS)},
    "fourier-generator, a table": ("fourier-generator", ("network.encoder=none",)),
    "fourier-generator, a mean": ("fourier-generator", ("network.loss_reduction=mean",)),
    "local-series-generator, one slope": (
        "local-series-generator",
        ("network.penalty_share=0.05",),
    ),
    "spectral-dictionary, an encoder": (
        "spectral-dictionary",
        ("network.coefficients=encoder", "network.coefficient_weight=0.1"),
    ),
}


def curve(name: str, extra: tuple[str, ...], processes: Processes) -> dict[str, Any]:
    """Losses of some steps of training, gradients of the last one, and buffers at the end."""
    words = (*TOY_NETWORKS[name], *TOY_TRAINING, f"train.batch_size={BATCH_SIZE}")
    words += ("train.precision=float32", *extra)
    plan, images = resolve_plan(name, assignments=words), toy_images()
    kind = get_model_class(name)
    generator = derived_generator(plan.train.seed, "weights")
    model = kind(plan.network, ImageSpec.of(images), generator=generator)
    model.begin(images, generator=derived_generator(plan.train.seed, "begin"))
    state = TrainState.start(model.train(), plan.train)
    folder = CheckpointFolder(pathlib.Path("none"), keep=1)
    loop = Loop(CPU, plan.train, images, None, folder, None, None, processes)
    order = BatchOrder(len(images), BATCH_SIZE, seed=plan.train.seed)
    feed, share = ImageFeed(images, CPU), processes.share_of(BATCH_SIZE)
    losses = [loop.step(state, feed.batch(order.indices(n), share)) for n in range(NUM_STEPS)]
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return {
        "losses": [{key: float(value) for key, value in each.items()} for each in losses],
        "gradients": torch.cat([each.flatten() for each in gradients]).tolist(),
        "buffers": [value for each in model.buffers() for value in each.flatten().tolist()],
        "next draw": float(torch.rand((), generator=state.generator)),
    }


def every_model(folder: pathlib.Path, number: int) -> None:
    """The curves of all models, by one process and by two."""
    with joined(CPU) as (processes, _):
        found = {}
        for title, (name, extra) in VARIANTS.items():
            found[title] = {"two": curve(name, extra, processes)}
            if number == 0:
                found[title]["one"] = curve(name, extra, ALONE)
    (folder / f"curves-{number}.json").write_text(json.dumps(found))


@contextlib.contextmanager
def fails_with(kind: type[Exception], words: str) -> Iterator[None]:
    """What is done here must end with such an error."""
    try:
        yield
    except kind as error:
        if words not in str(error):
            raise
    else:
        raise AssertionError(f"no {kind.__name__} has said: {words}")


def replace(owner: type, name: str, method: Callable[..., Any]) -> None:
    """From now on `owner.name` is the method, in this process."""
    setattr(owner, name, method)


def stop_at(step: int) -> None:
    """This process gets SIGTERM in that step of training."""
    real = Loop.step

    def counted(self, state, batch):
        if state.step == step - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(self, state, batch)

    replace(Loop, "step", counted)


def some_steps(folder: pathlib.Path, number: int, *, resume: bool, end: int | None) -> None:
    """Trains in `folder/run` until the last process is told to stop, or to the end."""
    if number == 1 and not resume:
        begin_elsewhere()
    if end is not None and number == int(os.environ.get("WORLD_SIZE", "1")) - 1:
        stop_at(end)
    images = toy_images()
    words = () if resume else toy_settings("vae")
    model = None if resume else "vae"
    out = folder / "run"
    result = train(model, images, out=out, settings=words, resume=resume, held_out=images)
    assert (result.status, result.step) == (
        ("finished", 24) if end is None else ("stopped", end)
    ), result
    assert result.path.exists(), result


def begin_elsewhere() -> None:
    """This process begins with other weights, as those of another kind of machine are rounded."""
    real = Vae.begin

    def begin(self, images, *, generator):
        real(self, images, generator=generator)
        for parameter in self.parameters():
            parameter.data += 0.1

    replace(Vae, "begin", begin)


def some_minutes(folder: pathlib.Path, number: int) -> None:
    """A run whose length is a time, which is that of both processes together."""
    words = [word for word in toy_settings("vae") if not word.startswith("train.steps")]
    words.append("train.core_minutes=0.008")
    result = train("vae", toy_images(), out=folder / "minutes", settings=words)
    record = {"status": result.status, "step": result.step, "minutes": result.core_minutes}
    (folder / f"ended-{number}.json").write_text(json.dumps(record))


def one_fails(folder: pathlib.Path, number: int) -> None:
    """The command, where the loss of the second process alone ends in an error."""
    real, calls = Vae.loss, []

    def broken(self, batch, *, progress, generator):
        calls.append(None)
        if number == 1 and len(calls) == 3:
            raise OSError(5, "Input/output error", "pictures")
        return real(self, batch, progress=progress, generator=generator)

    replace(Vae, "loss", broken)
    os._exit(command(train_words(folder, "failed")))


def all_fail(folder: pathlib.Path, number: int) -> None:
    """The command with a folder that is in use."""
    del number
    os._exit(command(train_words(folder, "run")))


def one_is_killed(folder: pathlib.Path, number: int, *, killed: int) -> None:
    """The command, where one process ends by SIGKILL."""
    if number == killed:
        replace(Loop, "step", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    os._exit(command(train_words(folder, f"killed-{killed}")))


def one_goes_on(folder: pathlib.Path, number: int) -> None:
    """The second process is to go on with a run, the first to begin one with the same settings."""
    with fails_with(DataError, "process 1 has other settings"):
        if number == 1:
            train(None, toy_images(), out=folder / "run", resume=True)
        else:
            train("vae", toy_images(), out=folder / "begun", settings=toy_settings("vae"))


def one_is_slow(folder: pathlib.Path, number: int) -> None:
    """The first process needs longer for its part than an answer is waited for, then for ever."""
    limit_s = 1.0
    module.WAIT_S = limit_s
    with joined(CPU) as (processes, _):

        def work() -> float:
            time.sleep(1.5 * limit_s)
            return 7.5

        assert processes.by_first(work) == 7.5
        if number == 1:
            while not (folder / "waited").exists():
                time.sleep(0.05)
            return
        try:
            with fails_with(PeerError, "does not answer"):
                processes.totals(1.0)
        finally:
            (folder / "waited").touch()


def train_words(folder: pathlib.Path, run: str) -> list[str]:
    sets = [word for setting in toy_settings("vae") for word in ("--set", setting)]
    return ["train", "vae", "--data", str(folder / "toy.npz"), "-o", str(folder / run), *sets]


def together(name: str, folder: pathlib.Path, work: Callable[[int], None], count: int = 2) -> None:
    """Runs a scene in forked processes; their ends and words are kept in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    for number in range(count):
        pid = os.fork()
        if pid == 0:
            if count > 1:
                os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
                os.environ |= {"WORLD_SIZE": str(count), "RANK": str(number)}
            errors = os.open(folder / f"{name}-{number}.txt", os.O_WRONLY | os.O_CREAT)
            os.dup2(errors, 2)
            code = 1
            try:
                work(number)
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(pid)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    (folder / f"{name}.json").write_text(json.dumps(codes))


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    SummaryWriter(folder / "unused").close()  # what is loaded here need not be by each child
    images = toy_images()
    np.savez(folder / "toy.npz", x_train=images.images, y_train=np.array(images.labels))
    together("curves", folder, lambda number: every_model(folder, number))
    for name, count, resume, end in (
        ("begin", 2, False, 8),
        ("alone", 1, True, 16),
        ("end", 2, True, None),
    ):

        def part(number: int, resume: bool = resume, end: int | None = end) -> None:
            some_steps(folder, number, resume=resume, end=end)

        together(name, folder, part, count)
    train("vae", images, out=folder / "whole", settings=toy_settings("vae"), held_out=images)
    together("minutes", folder, lambda number: some_minutes(folder, number))
    together("all-fail", folder, lambda number: all_fail(folder, number))
    together("one-fails", folder, lambda number: one_fails(folder, number))
    for killed, name in enumerate(("first-is-killed", "one-is-killed")):

        def dies(number: int, killed: int = killed) -> None:
            one_is_killed(folder, number, killed=killed)

        together(name, folder, dies)
    together("one-goes-on", folder, lambda number: one_goes_on(folder, number))
    together("one-is-slow", folder, lambda number: one_is_slow(folder, number))
    logs = {name: read_log(folder / name / "log.jsonl") for name in ("run", "whole")}
    (folder / "logs.json").write_text(json.dumps(logs))


if __name__ == "__main__":
    main()
