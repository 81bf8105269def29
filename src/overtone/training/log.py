"""What a run writes while it goes: a JSON line an event, TensorBoard's event files, pictures."""

import json
import math
import pathlib
from collections.abc import Mapping

import numpy as np

from overtone.bitstream.container import Metadata
from overtone.files import write_atomically
from overtone.imaging.image import Picture, picture_to_bytes
from overtone.shapes import UInt8

LOG_FILE = "log.jsonl"


class RunLog:
    """The log of a run; on going on, what lies after `step` is cut off first.

    Attributes:
        path: The file of JSON lines, each with "step" and "kind".
    """

    def __init__(self, folder: pathlib.Path, *, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.path = folder / LOG_FILE
        self._samples = folder / "samples"
        self._samples.mkdir(exist_ok=True)
        _cut(self.path, step)
        self._file = self.path.open("a", encoding="utf-8")
        self._events = SummaryWriter(str(folder / "events"), purge_step=step + 1)

    def write(self, step: int, kind: str, values: Mapping[str, float]) -> None:
        """One event; each value is a curve `kind/name` in TensorBoard."""
        rounded = {name: _short(value) for name, value in values.items()}
        self._file.write(json.dumps({"step": step, "kind": kind, **rounded}) + "\n")
        self._file.flush()
        for name, value in values.items():
            self._events.add_scalar(f"{kind}/{name}", value, step)

    def picture(self, step: int, grid: UInt8[np.ndarray, "h w c"]) -> None:
        """A grid of samples, as `samples/step-N.png` and in TensorBoard."""
        data = picture_to_bytes(Picture(grid, Metadata()), ".png")
        write_atomically(self._samples / f"step-{step:08d}.png", data)
        self._events.add_image("samples", grid, step, dataformats="HWC")

    def close(self) -> None:
        """Writes what is still buffered and closes the files."""
        self._file.close()
        self._events.close()


def has_events(path: pathlib.Path) -> bool:
    """Whether a log has lines."""
    return path.exists() and path.stat().st_size > 0


def read_log(path: pathlib.Path) -> list[dict]:
    """The events in a file of JSON lines; a last line that was cut short is left out."""
    rows = []
    for line in path.read_text("utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break
    return rows


def _cut(path: pathlib.Path, step: int) -> None:
    if not path.exists():
        return
    rows = [row for row in read_log(path) if row["step"] <= step]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    write_atomically(path, text.encode())


def _short(value: float) -> float | None:
    """Six digits; JSON has no word for what is not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
