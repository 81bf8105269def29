"""`train`: from a model's name and data to a folder with its log, checkpoints and model file."""

import contextlib
import dataclasses
import math
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import torch

from overtone.data import ImageSet
from overtone.errors import CheckpointError
from overtone.models.base import AbstractModel, ImageSpec
from overtone.models.compute import Device, matrix_products, torch_device, torch_threads
from overtone.models.registry import get_model_class
from overtone.models.store import MODEL_FILE, save_model
from overtone.training.checkpoint import CheckpointFolder
from overtone.training.log import LOG_FILE, RunLog, has_events, read_log
from overtone.training.loop import Loop, TrainProgress, TrainProgressCallback, clock_of
from overtone.training.plan import DataRecord, TrainPlan, write_plan
from overtone.training.prepare import TrainRequest, prepare
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
        TrainError: A loss is not finite or explodes, or samples collapse.
    """
    folder = pathlib.Path(out)
    request = TrainRequest(
        model, data, preset, tuple(settings), size, channels, skip_corrupt, resume
    )
    where = torch_device(device)
    plan, record, images, test = prepare(folder, request)
    chosen = _model(plan, images)
    if not resume:
        _make_folder(folder)
    checkpoints = CheckpointFolder(folder / "checkpoints", keep=plan.train.keep)
    with (
        _writing_in(folder),
        _locked(folder),
        torch_threads(plan.train.num_threads),
        matrix_products(plan.train.precision),
        stop_on_signals() as stop,
    ):
        state = _start(chosen, plan, images, where)
        if not resume:
            write_plan(folder, plan, record)
        elif checkpoints.steps() or has_events(folder / LOG_FILE):
            checkpoints.restore(state)
        with _log(folder, state.step) as log:
            test = held_out or test
            loop = Loop(where, plan.train, images, test, checkpoints, log, progress)
            if not checkpoints.steps():
                loop.save(state)
            is_done = loop.run(state, stop) and not stop.is_set
            minutes = state.spent_s / 60
            if not is_done:
                path = checkpoints.path_of(state.step)
                return TrainResult("stopped", state.step, minutes, path, images.skipped)
            stop.let_signals_end()  # the last checkpoint is there, and fitting may take minutes
            if progress is not None:
                progress(TrainProgress(state.step, 1.0, math.nan, 0.0, 0.0, is_fitting=True))
            finish_s = _finish(folder, plan, record, images, state, where)
            log.write(state.step, "finish", {"core_s": finish_s})
    path = folder / MODEL_FILE
    return TrainResult("finished", state.step, minutes, path, images.skipped, finish_s / 60)


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
    model: AbstractModel, plan: TrainPlan, images: ImageSet, device: torch.device
) -> TrainState:
    """The state before the first step; what the model does before it counts as spent."""
    clock = clock_of(device)
    started = clock()
    model.begin(images, generator=derived_generator(plan.train.seed, "begin"))
    spent_s = clock() - started
    state = TrainState.start(model.to(device).train(), plan.train, device)
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


def _make_folder(folder: pathlib.Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(f"cannot make the folder {folder}: {error.strerror}") from error


@contextlib.contextmanager
def _log(folder: pathlib.Path, step: int) -> Iterator[RunLog]:
    log = RunLog(folder, step=step)
    try:
        yield log
    except BaseException:
        with contextlib.suppress(OSError):  # what is under way says more
            log.close()
        raise
    log.close()


@contextlib.contextmanager
def _writing_in(folder: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"cannot write in {folder}: {error.strerror or error}; its checkpoints are whole; "
            "make room or give rights, then go on with resume=True"
        ) from error


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """One process a run, where the system has such locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CheckpointError(
                f"another process is training in {folder}; wait for it"
            ) from error
        yield
