"""The pickles of CIFAR's Python version, read without running what they ask for.

A pickle may name any function to be called, and do other harm by itself: its instructions are
looked through first. Then only a few names are known, all stand-ins that record what NumPy would
have been told; arrays are built from the record after checking it.
"""

import io
import pathlib
import pickle
import struct
from typing import Any

import numpy as np
from typing_extensions import override

from overtone.data.limits import check_num_bytes
from overtone.data.pickle_scan import check_pickle
from overtone.errors import DataError
from overtone.shapes import UInt8

_NUM_VALUES = 3072
_LABEL_KEYS = ("fine_labels", "labels")
_NAME_KEYS = ("fine_label_names", "label_names")
# What the unpickler raises about damaged bytes.
_DAMAGE = (
    pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError,
    MemoryError, OverflowError, struct.error, RecursionError,
)  # fmt: skip


def read_batch(path: pathlib.Path) -> tuple[UInt8[np.ndarray, "n 3072"], np.ndarray]:
    """Planes and labels of a file of pictures; of CIFAR-100 the fine labels.

    Raises:
        DataError: The file is damaged, foreign, or asks for anything but arrays.
        OSError: It cannot be opened.
    """
    content = _read_dict(path)
    data = content.get("data")
    if not isinstance(data, _Array):
        raise DataError(f"{path}: an array called data is expected, found {_kind(data)}")
    labels = next((content[key] for key in _LABEL_KEYS if key in content), None)
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise DataError(f"{path}: a list of labels is expected, found {_kind(labels)}")
    if any(not 0 <= label < 256 for label in labels):
        raise DataError(f"{path}: labels must be in 0..255, found {min(labels)}..{max(labels)}")
    return data.to_numpy(path), np.array(labels, np.int64)


def read_names(path: pathlib.Path) -> tuple[str, ...]:
    """The names of classes in a `meta` file; of CIFAR-100 the fine ones.

    Raises:
        DataError: The file is damaged or foreign.
        OSError: It cannot be opened.
    """
    content = _read_dict(path)
    names = next((content[key] for key in _NAME_KEYS if key in content), None)
    if not isinstance(names, list):
        raise DataError(f"{path}: a list of names is expected, found {_kind(names)}")
    return tuple(_text(name) for name in names)


class _Dtype:
    """Stands for `numpy.dtype`: keeps its name."""

    def __init__(self, name: object, *_: object) -> None:
        self.name = _text(name)

    def __setstate__(self, state: object) -> None:
        """Byte order and the like, of no meaning for bytes."""


class _Array:
    """Stands for `numpy.ndarray`: keeps shape, type and bytes as the pickle gives them."""

    def __init__(self) -> None:
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: Any) -> None:
        self.state = tuple(state)

    def to_numpy(self, path: pathlib.Path) -> UInt8[np.ndarray, "n 3072"]:
        """The array, if it is one of bytes with a picture a row.

        Raises:
            DataError: It is not.
        """
        match self.state:
            case (int(), (int(rows), int(columns)), _Dtype(name="u1"), bool() | int(), bytes(raw)):
                is_fortran = bool(self.state[3])
            case _:
                raise DataError(f"{path}: a table of uint8 is expected as data, found another")
        if columns != _NUM_VALUES or rows < 1 or rows * columns != len(raw):
            raise DataError(
                f"{path}: rows of {_NUM_VALUES} bytes are expected as data, "
                f"found {len(raw)} bytes for ({rows}, {columns})"
            )
        order = "F" if is_fortran else "C"
        return np.frombuffer(raw, np.uint8).reshape((rows, columns), order=order)


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _encode(text: object, encoding: object = "latin1") -> bytes:
    """Python 3 writes bytes into an old pickle as text and a call of this function."""
    if not isinstance(text, str) or _text(encoding) not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"text in latin1 is expected, found {_text(encoding)}")
    return text.encode("latin1")


_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
}


class _Unpickler(pickle.Unpickler):
    @override
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}")
        return _KNOWN[module_name, global_name]


def _read_dict(path: pathlib.Path) -> dict[str, Any]:
    check_num_bytes(path.stat().st_size, str(path))
    data = path.read_bytes()
    try:
        check_pickle(data)
        # From memory, so that lengths in the pickle are checked against what is there.
        content = _Unpickler(io.BytesIO(data), encoding="bytes").load()
    except _DAMAGE as error:
        raise DataError(f"{path}: the pickle is foreign or damaged: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: a dictionary is expected, found {_kind(content)}")
    return {_text(key): value for key, value in content.items()}


def _text(value: object) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__.lstrip("_")
