"""`train`: from a model's name and data to a folder with its log, checkpoints and model file."""

import contextlib
import dataclasses
import math
import pathlib
from collections.abc import Sequence
from typing import Any, Literal

import torch

from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.models.base import AbstractModel, ImageSpec
from overtone.models.compute import Device, matrix_products, torch_device, torch_threads
from overtone.models.registry import get_model_class
from overtone.models.store import MODEL_FILE, save_model
from overtone.training.checkpoint import CheckpointFolder
from overtone.training.folder import locked, log_in, make_folder, writing_in
from overtone.training.log import LOG_FILE, has_events, read_log
from overtone.training.loop import Loop, TrainProgress, TrainProgressCallback, clock_of
from overtone.training.plan import DataRecord, TrainPlan, write_plan
from overtone.training.prepare import TrainRequest, prepare
from overtone.training.processes import Processes, joined
from overtone.training.signals import stop_on_signals
from overtone.training.state import TrainState, compile_networks, derived_generator


@dataclasses.dataclass(frozen=True, slots=True)
class TrainResult:
    """How a run ended.

    Attributes:
        status: "finished" with a model file, or "stopped" by a signal with a checkpoint.
        step: Steps done.
        core_minutes: Processor time spent inside steps and in what is before the first.
        finish_core_minutes: Processor time spent after the last step, on fitting priors to the
            latents of the training images; 0 for a run that was stopped.
        path: Path of the model file, or of the last checkpoint.
        skipped: Pictures that were left out, each "file: reason".
    """

    status: Literal["finished", "stopped"]
    step: int
    core_minutes: float
    path: pathlib.Path
    skipped: tuple[str, ...] = ()
    finish_core_minutes: float = 0.0


def train(
    model: str | None = None,
    data: str | ImageSet | None = None,
    *,
    out: str | pathlib.Path,
    preset: str | None = None,
    settings: Sequence[str] = (),
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    skip_corrupt: bool = False,
    held_out: ImageSet | None = None,
    resume: bool = False,
    device: Device = "auto",
    progress: TrainProgressCallback | None = None,
) -> TrainResult:
    """Trains a model, or goes on with a run that was stopped or killed.

    The folder `out` gets `run.json` (every setting), `log.jsonl`, TensorBoard's `events`,
    `samples`, `checkpoints`, and at the end `model.safetensors`. SIGINT and SIGTERM save a
    checkpoint and return; after the last step, which saves one, they do what they do elsewhere.

    Where a launcher such as torchrun or accelerate launch has started several processes, each takes
    its share of every batch, and the first one writes; results are those of one process but for
    rounding.

    Args:
        model: Name in the table of models; taken from the run when going on.
        data: What `load_images` takes, or a set of images; taken from the run when going on with
            one whose data were loaded.
        out: Folder of the run; it must not hold anything yet.
        preset: Named settings of the model, or the path of a TOML file with such.
        settings: Changes of them, such as `train.steps=500`.
        size: Size of the images; see `load_images`.
        channels: Number of channels of the images; see `load_images`.
        skip_corrupt: Leave out pictures that cannot be read; `run.json` lists them.
        held_out: Images to measure the loss on; by default the test split of `data`, if any.
        resume: Go on with the run in `out`; for a number of steps the result is then bit for bit
            that of a run that was never stopped.
        device: Where to train: "cpu", "cuda", or "auto" for CUDA where there is a card.
        progress: Called at every line of the log, and when priors begin to be fitted.

    Raises:
        ConfigError: A setting is unknown or out of range, the images do not suit the model, or the
            device is not there.
        DataError: The data cannot be loaded, or are not those the run began with.
        CheckpointError: The folder holds something else, or cannot be written.
        TrainError: A loss is not finite or explodes, samples collapse, or another of the processes
            that train together has ended.
    """
    request = TrainRequest(
        model, data, preset, tuple(settings), size, channels, skip_corrupt, resume
    )
    with joined(torch_device(device)) as (processes, where):
        return _train(pathlib.Path(out), request, held_out, where, processes, progress)


def _train(
    folder: pathlib.Path,
    request: TrainRequest,
    held_out: ImageSet | None,
    device: torch.device,
    processes: Processes,
    progress: TrainProgressCallback | None,
) -> TrainResult:
    """What `train` does, as one of the processes that do it together."""
    plan, record, images, test = prepare(folder, request)
    chosen = _model(plan, images)
    # All have looked before the folder is made.
    _check_processes(processes, plan, record, chosen, resume=request.resume)
    if not request.resume and processes.is_first:
        make_folder(folder)
    checkpoints = CheckpointFolder(folder / "checkpoints", keep=plan.train.keep)
    with contextlib.ExitStack() as stack:
        stack.enter_context(writing_in(folder))
        if processes.is_first:
            stack.enter_context(locked(folder))
        stack.enter_context(torch_threads(plan.train.num_threads))
        stack.enter_context(matrix_products(plan.train.precision))
        stop = stack.enter_context(stop_on_signals())
        state = _start(chosen, plan, images, device, processes)
        state.spent_s = processes.totals(state.spent_s)[0]
        if not request.resume:
            if processes.is_first:
                write_plan(folder, plan, record)
        elif processes.of_first(bool(checkpoints.steps()) or has_events(folder / LOG_FILE)):
            checkpoints.restore(state)
            # Nothing is written before all have read the same.
            processes.check_same(str(state.step), str(state.spent_s))
        log = stack.enter_context(log_in(folder, state.step)) if processes.is_first else None
        test = held_out or test
        loop = Loop(device, plan.train, images, test, checkpoints, log, progress, processes)
        if log is not None and not checkpoints.steps():
            loop.save(state)
        is_done = loop.run(state, stop)
        is_done = not processes.any(stop.is_set) and is_done  # all wait for the checkpoint
        minutes = state.spent_s / 60
        if not is_done:
            path = checkpoints.path_of(state.step)
            return TrainResult("stopped", state.step, minutes, path, images.skipped)
        stop.let_signals_end()  # the last checkpoint is there, and fitting may take minutes

        def finish() -> float:
            if progress is not None:
                progress(TrainProgress(state.step, 1.0, math.nan, 0.0, 0.0, is_fitting=True))
            return _finish(folder, plan, record, images, state, device)

        finish_s = processes.by_first(finish)  # the model's file is there when any returns
        if log is not None:
            log.write(state.step, "finish", {"core_s": finish_s})
    path = folder / MODEL_FILE
    return TrainResult("finished", state.step, minutes, path, images.skipped, finish_s / 60)


def _check_processes(
    processes: Processes,
    plan: TrainPlan,
    data: DataRecord,
    model: AbstractModel,
    *,
    resume: bool,
) -> None:
    """Raises an `OvertoneError` unless these processes can train this model together."""
    if processes.count == 1:
        return
    if not model.splits_batches:
        raise ConfigError(
            f"a {model.name} is trained by one process: its loss is of whole batches; start it "
            "without a launcher"
        )
    processes.check_batch(plan.train.batch_size)
    processes.check_same(repr(plan), data.fingerprint, repr(resume))


def describe_run(out: str | pathlib.Path, request: TrainRequest) -> dict[str, Any]:
    """What `train` would do with these arguments in this folder, ready for JSON; writes nothing.

    Raises:
        ConfigError: See `train`.
        DataError: See `train`.
        CheckpointError: The folder holds something else.
    """
    plan, record, images, test = prepare(pathlib.Path(out), request)
    num_parameters = sum(p.numel() for p in _model(plan, images).parameters())
    batches_per_epoch = len(images) / plan.train.batch_size
    return {
        **plan.to_mapping(),
        "num_parameters": num_parameters,
        "data": {
            **dataclasses.asdict(record),
            "num_images": len(images),
            "shape": list(images.images.shape[1:]),
            "num_held_out": 0 if test is None else len(test),
        },
        "epochs": plan.train.steps and round(plan.train.steps / batches_per_epoch, 2),
    }


def _finish(
    folder: pathlib.Path,
    plan: TrainPlan,
    data: DataRecord,
    images: ImageSet,
    state: TrainState,
    device: torch.device,
) -> float:
    """Fits what is fitted to the trained network, writes the model's file; the seconds it took."""
    clock = clock_of(device)
    started = clock()
    with state.averaged():
        if not state.model.draws_on_cuda:
            state.model.to("cpu")
        state.model.finish(images, generator=derived_generator(plan.train.seed, "finish"))
        state.model.to("cpu")
        finish_s = clock() - started
        summary = _summary(folder, plan, data, state, finish_s)
        save_model(folder / MODEL_FILE, state.model, summary)
    return finish_s


def _model(plan: TrainPlan, images: ImageSet) -> AbstractModel:
    kind = get_model_class(plan.model)
    generator = derived_generator(plan.train.seed, "weights")
    return kind(plan.network, ImageSpec.of(images), generator=generator)


def _start(
    model: AbstractModel,
    plan: TrainPlan,
    images: ImageSet,
    device: torch.device,
    processes: Processes,
) -> TrainState:
    """The state before the first step; what the model does before it counts as spent."""
    clock = clock_of(device)
    started = clock()
    model.begin(images, generator=derived_generator(plan.train.seed, "begin"))
    spent_s = clock() - started
    model.to(device).train()
    processes.copy_first([*model.parameters(), *model.buffers()])
    state = TrainState.start(model, plan.train, device)
    state.spent_s = spent_s
    if plan.train.compile:
        compile_networks(model)
    return state


def _summary(
    folder: pathlib.Path, plan: TrainPlan, data: DataRecord, state: TrainState, finish_s: float
) -> dict[str, Any]:
    last = {row["kind"]: row for row in read_log(folder / LOG_FILE)}
    return {
        "preset": plan.preset,
        "train": dataclasses.asdict(plan.train),
        "data": {"name": data.name, "fingerprint": data.fingerprint},
        "num_parameters": sum(p.numel() for p in state.model.parameters()),
        "steps": state.step,
        "core_minutes": round(state.spent_s / 60, 3),
        "finish_core_s": round(finish_s, 1),
        "last": last,
    }
