"""Models as files: weights, settings and what they were trained on; found by name or path."""

import contextlib
import dataclasses
import functools
import pathlib
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.modules.module import register_module_parameter_registration_hook

from overtone import __version__, shipped
from overtone.config import from_mapping
from overtone.errors import ConfigError, ModelError, listed, suggestion
from overtone.files import write_atomically
from overtone.models.base import AbstractModel, ImageSpec
from overtone.models.compute import Device, torch_device
from overtone.models.registry import get_model_class
from overtone.models.tensor_file import TensorFile

MODEL_FILE = "model.safetensors"
# How pixels become numbers; the only one there is so far.
NORMALISATION = "value = level / 127.5 - 1"
# Tables that a model makes for itself and that are not in its file.
_MAX_TABLE_BYTES = 1 << 30
# What a model's constructor and the parsers of its settings raise about a record that fits nothing.
_MISFITS = (
    ArithmeticError, AssertionError, AttributeError, ConfigError, LookupError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
_DTYPES = {"float32": torch.float32, "float16": torch.float16}


def save_model(
    path: str | pathlib.Path,
    model: AbstractModel,
    summary: Mapping[str, Any],
    *,
    dtype: Literal["float32", "float16"] = "float32",
) -> None:
    """Writes a model to a file that `load_model` needs nothing else for.

    Args:
        path: Path of the file, which is replaced.
        model: Its weights, buffers and `extra_tensors` are stored.
        summary: How it was trained; anything JSON can hold.
        dtype: Type of the stored weights; "float16" halves the file and keeps 11 bits of precision.

    Raises:
        OSError: The file cannot be written; what was there stays.
    """
    tensors = {f"weights.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"extra.{name}": tensor for name, tensor in model.extra_tensors().items()}
    tensors = {name: _narrowed(tensor, _DTYPES[dtype]) for name, tensor in tensors.items()}
    record = {
        "model": model.name,
        "version": __version__,
        "config": dataclasses.asdict(model.config),
        "spec": dataclasses.asdict(model.spec),
        "normalisation": NORMALISATION,
        "summary": dict(summary),
    }
    write_atomically(pathlib.Path(path), TensorFile("model", tensors, record).to_bytes())


def resolve_model(model: str | pathlib.Path | AbstractModel) -> AbstractModel:
    """The model itself, or the one of that name or path."""
    return model if isinstance(model, AbstractModel) else load_model(model)


def load_model(name_or_path: str | pathlib.Path, *, device: Device = "cpu") -> AbstractModel:
    """A trained model, ready to sample.

    Args:
        name_or_path: A model file, the folder of a finished run, or the name of a model that comes
            with Overtone.
        device: Where it computes: "cpu", "cuda", or "auto" for CUDA where there is a card. Random
            numbers are drawn on the processor, so that results differ by rounding only.

    Raises:
        ModelError: There is none, or it is foreign, damaged, or made by a newer version.
        ConfigError: The device is not there, or the model draws on the processor only.
    """
    chosen = torch_device(device)
    model = _model_in(find_model(name_or_path))
    if model.draws_on_cuda:
        return model.to(chosen)
    if device == "cuda":
        raise ConfigError(f"a {model.name} draws on the processor only; leave out device")
    return model


def read_summary(name_or_path: str | pathlib.Path) -> dict[str, Any]:
    """What a model's file says of it, without building it: model, config, spec, summary.

    Raises:
        ModelError: See `load_model`.
    """
    return TensorFile.read(find_model(name_or_path), "model").record


def shipped_models() -> dict[str, pathlib.Path]:
    """Name to file of the models that come with Overtone; none where their package is missing."""
    folder = shipped.trained_folder()
    return {path.stem: path for path in sorted(folder.glob("*.safetensors"))} if folder else {}


def class_titles(name: str) -> tuple[str, ...]:
    """What the classes of a model that comes with Overtone are called; () if only numbered."""
    folder = shipped.trained_folder()
    if folder is None:
        return ()
    table = folder / "class_names.toml"
    return tuple(tomllib.loads(table.read_text("utf-8")).get(name, ()))


def find_model(name_or_path: str | pathlib.Path) -> pathlib.Path:
    """The file of a model given as for `load_model`.

    Raises:
        ModelError: There is none.
    """
    path = pathlib.Path(name_or_path)
    if (path / MODEL_FILE).is_file():
        return path / MODEL_FILE
    if path.is_file():
        return path
    known = shipped_models()
    name = str(name_or_path)
    if name in known:  # also beside a folder of that name, of data perhaps
        return known[name]
    if path.is_dir():
        raise ModelError(f"{path} holds no {MODEL_FILE}; it is no finished run")
    if not known:
        raise ModelError(
            f"there is no model or file {name}; the models that come with Overtone are not "
            f"installed, get them with: {shipped.INSTALL}"
        )
    raise ModelError(
        f"there is no model or file {name}; {suggestion(name, known)}"
        f"with Overtone come {listed(list(known))}"
    )


def _model_in(path: pathlib.Path) -> AbstractModel:
    file = TensorFile.read(path, "model")
    record = file.record
    try:
        if record["normalisation"] != NORMALISATION:
            raise ConfigError(f"unknown normalisation {record['normalisation']}")
        kind = get_model_class(record["model"])
        config = from_mapping(kind.config_class, kind.current_settings(record["config"]), "config.")
        spec = from_mapping(ImageSpec, record["spec"], "spec.")
        weights = kind.current_tensors(_part(file.tensors, "weights."))
        build = functools.partial(kind, config, spec)
        _check_fit(build, weights)
        _refuse_what_is_not_finite(weights)
        model = build(generator=torch.Generator().manual_seed(0))
        model.load_state_dict(weights)
        model.load_extra_tensors(_part(file.tensors, "extra."))
    except _MISFITS as error:
        written = record.get("version", "an unknown version")
        raise ModelError(
            f"{path}: written by Overtone {written}, does not fit {__version__}: "
            f"{' '.join(str(error).split())}"
        ) from error
    if path in shipped_models().values():
        model.class_titles = class_titles(path.stem)
    return model.eval()


def _check_fit(build: Callable[..., AbstractModel], weights: Mapping[str, Tensor]) -> None:
    """Compares a model that takes no memory with the weights in a file, before one is built.

    Args:
        build: Builds the model, given a generator.
        weights: Weights and buffers of the file.

    Raises:
        ConfigError: The model has far more parameters than the file, or huge tables.
        RuntimeError: The names or shapes are others.
    """
    with _few_parameters(2 * len(weights) + 16), torch.device("meta"):
        model = build(generator=torch.Generator("cpu").manual_seed(0))
    model.load_state_dict(weights, assign=True)
    num_bytes = sum(table.numel() * table.element_size() for table in model.buffers())
    if num_bytes > _MAX_TABLE_BYTES:
        raise ConfigError(
            f"the model needs tables of {num_bytes} bytes, and {_MAX_TABLE_BYTES} are the most"
        )


def _refuse_what_is_not_finite(weights: Mapping[str, Tensor]) -> None:
    for name, values in weights.items():
        if values.is_floating_point() and not bool(torch.isfinite(values).all()):
            raise ConfigError(f"{name} holds numbers that are not finite")


@contextlib.contextmanager
def _few_parameters(limit: int) -> Iterator[None]:
    """Stops the building of a model in this thread that would have more parameters than that."""
    count, thread = 0, threading.get_ident()

    def register(*_: object) -> None:
        nonlocal count
        count += threading.get_ident() == thread
        if count > limit:
            raise ConfigError("its settings ask for more weights than the file has")

    hook = register_module_parameter_registration_hook(register)
    try:
        yield
    finally:
        hook.remove()


def _narrowed(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
