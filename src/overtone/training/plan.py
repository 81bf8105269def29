"""What a run is: model, settings and data; resolved from presets, and kept in `run.json`."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from overtone import __version__
from overtone.config import from_mapping, read_preset, setting_names, with_assignments
from overtone.errors import CheckpointError, ConfigError, listed, suggestion
from overtone.files import write_atomically
from overtone.models.registry import get_model_class
from overtone.training.settings import TrainConfig

PLAN_FILE = "run.json"
_TABLES = ("network", "train")
_LENGTHS = frozenset({"steps", "core_minutes"})  # of training: one of them is given
# What a plan that was not written here raises.
_MISFITS = (AttributeError, ConfigError, LookupError, RecursionError, TypeError, ValueError)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainPlan:
    """A model and its settings.

    Attributes:
        model: Name in the table of models.
        network: Settings of the model, of its `config_class`.
        train: Settings of the training.
        preset: Preset that the settings started from, or None.
    """

    model: str
    network: Any
    train: TrainConfig
    preset: str | None = None

    def to_mapping(self) -> dict[str, Any]:
        """The plan as a mapping that JSON can hold."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataRecord:
    """The data of a run, as `run.json` records them.

    Attributes:
        name: Name of the set.
        fingerprint: See `ImageSet.fingerprint`.
        source: Path it was loaded from, or None if it was given in memory.
        size: Height and width that were asked for, or None.
        channels: Number of channels that was asked for, or None.
        skip_corrupt: Whether files that could not be read were left out.
        skipped: Those of the training set, each "file: reason".
    """

    name: str
    fingerprint: str
    source: str | None = None
    size: tuple[int, ...] | None = None
    channels: int | None = None
    skip_corrupt: bool = False
    skipped: tuple[str, ...] = ()


def resolve_plan(
    model: str, preset: str | None = None, assignments: Sequence[str] = ()
) -> TrainPlan:
    """The model's `default_train`, a preset, assignments such as `train.steps=500`: later ones win.

    One of `train.steps` and `train.core_minutes` takes the place of the other given before.

    Raises:
        ConfigError: The model, the preset or a setting is unknown or out of range.
    """
    kind = get_model_class(model)
    settings = {} if preset is None else read_preset(model, preset)
    settings = _without_length(settings, with_assignments({}, assignments))
    settings = with_assignments(settings, assignments)
    _refuse_unknown(settings, kind.config_class)
    train = settings.get("train", {})
    if isinstance(train, Mapping):
        given = _LENGTHS & train.keys()
        defaults = kind.default_train.items()
        train = {k: v for k, v in defaults if not (given and k in _LENGTHS)} | dict(train)
    return TrainPlan(
        model=model,
        network=from_mapping(kind.config_class, settings.get("network", {}), "network."),
        train=from_mapping(TrainConfig, train, "train."),
        preset=preset,
    )


def _refuse_unknown(settings: Mapping[str, Any], network: type) -> None:
    """Raises `ConfigError` for a setting in none of the tables; a bare one gets its full name."""
    known = setting_names(network, "network.") + setting_names(TrainConfig, "train.")
    for name in settings:
        if name not in _TABLES:
            full = [each for each in known if each.rpartition(".")[2] == name.rpartition(".")[2]]
            hint = f"did you mean {full[0]}? " if full else suggestion(name, known)
            raise ConfigError(f"unknown setting {name}; {hint}known are {listed(known)}")


def _without_length(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings without those of how long training lasts, where the changes give one."""
    train, changed = settings.get("train", {}), changes.get("train", {})
    if not isinstance(changed, Mapping) or not _LENGTHS & changed.keys():
        return dict(settings)
    return {**settings, "train": {k: v for k, v in train.items() if k not in _LENGTHS}}


def write_plan(folder: pathlib.Path, plan: TrainPlan, data: DataRecord) -> None:
    """Writes `run.json`.

    Raises:
        OSError: It cannot be written.
    """
    record = {"version": __version__, "plan": plan.to_mapping(), "data": dataclasses.asdict(data)}
    write_atomically(folder / PLAN_FILE, (json.dumps(record, indent=1) + "\n").encode())


def read_plan(folder: pathlib.Path) -> tuple[TrainPlan, DataRecord]:
    """The plan and the data that `run.json` records.

    Raises:
        CheckpointError: There is none, or it is not from this version's `write_plan`.
    """
    if not folder.is_dir():
        raise CheckpointError(
            f"there is no run at {folder} to go on with; start without resume=True"
        )
    path = folder / PLAN_FILE
    if not path.is_file():
        what = "is empty" if not any(folder.iterdir()) else f"holds no {PLAN_FILE}"
        raise CheckpointError(
            f"{folder} {what}: it is no run, or one ended before it began; "
            "start again without resume=True in a new folder"
        )
    try:
        record = json.loads(path.read_text("utf-8"))
        plan = record["plan"]
        return _plan_of(plan), from_mapping(DataRecord, record["data"], "data.")
    except (
        AttributeError,
        ConfigError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise CheckpointError(f"{path} is not the plan of a run: {error}") from error


def _plan_of(mapping: Mapping[str, Any]) -> TrainPlan:
    kind = get_model_class(mapping["model"])
    return TrainPlan(
        model=mapping["model"],
        network=from_mapping(
            kind.config_class, kind.current_settings(mapping["network"]), "network."
        ),
        train=from_mapping(TrainConfig, mapping["train"], "train."),
        preset=mapping["preset"],
    )
