"""One checked file of named tensors and a JSON record: models and checkpoints are kept so.

It is a safetensors file; its metadata hold the kind of file, the version of this layout, the
record, and a checksum of both the record and the tensors.
"""

import dataclasses
import json
import pathlib
import zlib
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from overtone.errors import ModelError

LAYOUT_VERSION = 1


@dataclasses.dataclass(frozen=True)
class TensorFile:
    """What is in a file.

    Attributes:
        kind: "model" or "checkpoint".
        tensors: The tensors by their names.
        record: What is stored besides them; anything JSON can hold.
    """

    kind: str
    tensors: dict[str, Tensor]
    record: dict[str, Any]

    def to_bytes(self) -> bytes:
        """The file's contents."""
        tensors = {name: t.detach().cpu().contiguous() for name, t in self.tensors.items()}
        record = json.dumps(self.record, sort_keys=True)
        metadata = {
            "overtone": self.kind,
            "layout_version": str(LAYOUT_VERSION),
            "record": record,
            "checksum": _checksum(record, tensors),
        }
        return save(tensors, metadata)

    @classmethod
    def from_bytes(cls, data: bytes, kind: str) -> "TensorFile":
        """Reads and checks a file's contents.

        Raises:
            ModelError: They are foreign, of another kind, damaged, cut short or newer.
        """
        metadata = _metadata(data)
        found = metadata.get("overtone")
        if found != kind:
            what = f"an Overtone {found}" if found else "not from Overtone"
            raise ModelError(f"this file is {what}, a {kind} is expected")
        version = metadata.get("layout_version", "")
        if version != str(LAYOUT_VERSION):
            raise ModelError(
                f"layout version {version} of this file is not {LAYOUT_VERSION}; "
                "it may need a newer version of Overtone"
            )
        try:
            tensors = load(data)
            record = json.loads(metadata["record"])
        except (SafetensorError, KeyError, RecursionError, ValueError) as error:
            raise ModelError(f"this file is damaged: {error}") from error
        if metadata.get("checksum") != _checksum(metadata["record"], tensors):
            raise ModelError("this file is damaged: its checksum does not match its contents")
        if not isinstance(record, dict):
            raise ModelError("this file is damaged: its record is no table")
        return cls(kind, tensors, record)

    @classmethod
    def read(cls, path: pathlib.Path, kind: str) -> "TensorFile":
        """Reads a file.

        Raises:
            ModelError: See `from_bytes`; the message begins with the path.
            OSError: The file cannot be opened.
        """
        try:
            return cls.from_bytes(path.read_bytes(), kind)
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error


def _metadata(data: bytes) -> Mapping[str, str]:
    """The metadata of a safetensors file: 8 bytes of length, then a JSON header."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= length <= len(data) - 8 or data[8:9] != b"{":
        raise ModelError("this is no safetensors file, or it is cut short")
    try:
        header = json.loads(data[8 : 8 + length])
    except (RecursionError, ValueError) as error:
        raise ModelError(f"the header of this file is damaged: {error}") from error
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(metadata, dict):
        return {}
    if not all(isinstance(value, str) for value in metadata.values()):
        raise ModelError("the header of this file is damaged: its metadata are no texts")
    return metadata


def _checksum(record: str, tensors: Mapping[str, Tensor]) -> str:
    total = zlib.crc32(record.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        total = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), total)
        total = zlib.crc32(_bytes_of(tensor), total)
    return f"{total:08x}"


def _bytes_of(tensor: Tensor) -> memoryview:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data
