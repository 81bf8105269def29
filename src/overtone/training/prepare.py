"""Turns the arguments of `train` into a plan and its data, checked before anything is written."""

import dataclasses
import functools
import pathlib
from collections.abc import Sequence

import torch

from overtone.data import ImageSet, find_splits, load_images
from overtone.errors import CheckpointError, ConfigError, DataError
from overtone.training.plan import DataRecord, TrainPlan, read_plan, resolve_plan


@dataclasses.dataclass(frozen=True, slots=True)
class TrainRequest:
    """The arguments of `train` that say which model to train, how, and on which data."""

    model: str | None = None
    data: str | ImageSet | None = None
    preset: str | None = None
    settings: tuple[str, ...] = ()
    size: int | tuple[int, int] | None = None
    channels: int | None = None
    skip_corrupt: bool = False
    resume: bool = False


def plan_of(
    folder: pathlib.Path, request: TrainRequest
) -> tuple[TrainPlan, TrainRequest, DataRecord | None]:
    """The plan, new or the run's, before any picture is read; it takes no time worth a bar.

    Returns:
        The plan; the request, of a run to go on with completed by what it says of its data; and
        that run's record of its data.

    Raises:
        ConfigError: A setting is unknown, out of range, or not that of the run to go on with.
        CheckpointError: The folder holds something else.
    """
    known = None
    if request.resume:
        plan, known = read_plan(folder)
        _check_same(plan, request)
        request = dataclasses.replace(
            request,
            data=request.data or known.source,
            size=None if known.size is None else (known.size[0], known.size[1]),
            channels=known.channels,
            skip_corrupt=known.skip_corrupt,
        )
    else:
        _refuse_existing(folder)
        plan = _new_plan(request.model, request.preset, request.settings)
    if request.data is None:
        raise ConfigError("data are needed; give data, the path of a folder or file, or hf:NAME")
    return plan, request, known


def prepare(
    folder: pathlib.Path, request: TrainRequest
) -> tuple[TrainPlan, DataRecord, ImageSet, ImageSet | None]:
    """The plan, new or the run's, with its training set and the test split, if there is one.

    Raises:
        ConfigError: A setting is unknown, out of range, or not that of the run to go on with.
        DataError: The data cannot be loaded, or are not those the run began with.
        CheckpointError: The folder holds something else.
    """
    plan, request, known = plan_of(folder, request)
    assert request.data is not None
    images, test = _load(request.data, request)
    record = _describe(images, request)
    if known is not None and known.fingerprint != record.fingerprint:
        raise DataError(
            f"{images.name} is not the data the run began with: its fingerprint is "
            f"{record.fingerprint}, that of {known.name} was {known.fingerprint}"
        )
    return plan, record, images, test


def _new_plan(model: str | None, preset: str | None, settings: Sequence[str]) -> TrainPlan:
    if model is None:
        raise ConfigError("name a model to train, or go on with a run by resume=True")
    plan = resolve_plan(model, preset, settings)
    num_threads = plan.train.num_threads or torch.get_num_threads()
    return dataclasses.replace(plan, train=dataclasses.replace(plan.train, num_threads=num_threads))


def _check_same(plan: TrainPlan, request: TrainRequest) -> None:
    if request.settings or request.size or request.channels or request.skip_corrupt:
        raise ConfigError("a run goes on with the settings it began with; leave out the changes")
    pairs = (("model", plan.model, request.model), ("preset", plan.preset, request.preset))
    for word, found, asked in pairs:
        if asked is not None and asked != found:
            raise ConfigError(f"the run is one of {word} {found}, not {asked}; leave it out")


def _refuse_existing(folder: pathlib.Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CheckpointError(
            f"{folder} exists already; go on with the run in it by resume=True, or name another "
            "folder"
        )


def _load(data: str | ImageSet, request: TrainRequest) -> tuple[ImageSet, ImageSet | None]:
    if isinstance(data, ImageSet):
        return data, None
    load = functools.partial(
        load_images,
        data,
        size=request.size,
        channels=request.channels,
        on_corrupt="skip" if request.skip_corrupt else "fail",
    )
    return load(split="train"), load(split="test") if "test" in find_splits(data) else None


def _describe(images: ImageSet, request: TrainRequest) -> DataRecord:
    size = request.size
    return DataRecord(
        name=images.name,
        fingerprint=images.fingerprint(),
        source=request.data if isinstance(request.data, str) else None,
        size=(size, size) if isinstance(size, int) else size,
        channels=request.channels,
        skip_corrupt=request.skip_corrupt,
        skipped=images.skipped,
    )
