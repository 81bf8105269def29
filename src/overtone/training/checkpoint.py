"""Checkpoints: a run's whole state in one file, written whole or not at all, the last few kept."""

import pathlib
import re

from overtone.errors import CheckpointError, ModelError
from overtone.files import write_atomically
from overtone.models.tensor_file import TensorFile
from overtone.training.state import TrainState

_NAME = re.compile(r"step-(\d+)\.safetensors")


class CheckpointFolder:
    """The checkpoints of a run.

    Attributes:
        path: The folder.
        keep: How many of the latest checkpoints are kept.
    """

    def __init__(self, path: pathlib.Path, *, keep: int) -> None:
        self.path = path
        self.keep = keep

    def steps(self) -> list[int]:
        """The steps of the checkpoints there are, in rising order."""
        if not self.path.is_dir():
            return []
        found = (_NAME.fullmatch(path.name) for path in self.path.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def path_of(self, step: int) -> pathlib.Path:
        """The path of the checkpoint of a step."""
        return self.path / f"step-{step:08d}.safetensors"

    def last(self) -> str:
        """The path of the last good checkpoint, for messages."""
        steps = self.steps()
        return str(self.path_of(steps[-1])) if steps else "none"

    def save(self, state: TrainState) -> None:
        """Writes the checkpoint of the state and deletes the oldest beyond `keep`.

        Raises:
            CheckpointError: It cannot be written; those there are stay.
        """
        path = self.path_of(state.step)
        try:
            self.path.mkdir(exist_ok=True)
            write_atomically(
                path, TensorFile("checkpoint", state.tensors(), state.record()).to_bytes()
            )
            for step in self.steps()[: -self.keep]:
                self.path_of(step).unlink()
        except OSError as error:
            raise CheckpointError(
                f"cannot write {path}: {error.strerror or error}; the last good checkpoint is "
                f"{self.last()}; make room or give rights, then go on with resume=True"
            ) from error

    def restore(self, state: TrainState) -> None:
        """Sets `state` to that of the last checkpoint.

        Raises:
            CheckpointError: There is none, it is damaged or belongs to another run.
        """
        steps = self.steps()
        if not steps:
            raise CheckpointError(
                f"{self.path} holds no checkpoint: the run was ended before its first; "
                "delete its folder and start again without resume=True"
            )
        path = self.path_of(steps[-1])
        try:
            file = TensorFile.read(path, "checkpoint")
        except ModelError as error:
            hint = f"delete it to go on from step {steps[-2]}" if steps[1:] else "start again"
            raise CheckpointError(f"{error}; {hint}") from error
        state.restore(file.tensors, file.record)
