"""Settings of the completer."""

import dataclasses
from typing import Literal, get_args

Task = Literal["colorize", "upscale"]
NUM_HEADS: dict[Task, int] = {"colorize": 4, "upscale": 0}  # where nothing says


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DctCompleterConfig:
    """Settings of the completer: table [network] of a preset.

    Attributes:
        task: What is missing: "colorize", the coefficients of chroma given those of luma;
            "upscale", all but the lowest of blocks of 2, which is given.
        width: Features at every cell of the grid; twice as many on the grid of half the size.
        fine_blocks: Residual blocks on the grid itself before, and as many after, the half one.
        coarse_blocks: Residual blocks on the grid of half the size.
        num_heads: Heads of an attention layer over the half grid, which sees all of a picture at
            once; 0 for none, so that large pictures can be taken in windows. 4 to colorize and 0
            to upscale if None.
        flow_width: As `width`, of the network of the residual.
        flow_fine_blocks: As `fine_blocks`, of the network of the residual.
        flow_coarse_blocks: As `coarse_blocks`, of the network of the residual.
        num_steps: Steps of Heun's method that draw a residual, two evaluations each.
        work_side: Shorter side that larger pictures are coloured at, pixels; the training
            pictures' if None. Nothing is reduced for enlarging.
    """

    task: Task = "colorize"
    width: int = 96
    fine_blocks: int = 2
    coarse_blocks: int = 3
    num_heads: int | None = None
    flow_width: int = 96
    flow_fine_blocks: int = 1
    flow_coarse_blocks: int = 3
    num_steps: int = 6
    work_side: int | None = None

    def __post_init__(self) -> None:
        if self.task not in get_args(Task):
            raise ValueError(f"task must be one of {', '.join(get_args(Task))}, got {self.task}")
        for name in ("width", "flow_width", "num_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in (
            "fine_blocks",
            "coarse_blocks",
            "flow_fine_blocks",
            "flow_coarse_blocks",
        ):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}")
        if self.heads < 0:
            raise ValueError(f"num_heads must be at least 0, got {self.heads}")
        if self.heads and (2 * self.width % self.heads or 2 * self.flow_width % self.heads):
            raise ValueError(
                f"twice the widths {self.width} and {self.flow_width} must be multiples of "
                f"{self.heads} heads"
            )
        if self.work_side is not None and self.work_side < 8:
            raise ValueError(f"work_side must be at least 8, got {self.work_side}")

    @property
    def heads(self) -> int:
        """Heads of the attention layer: `num_heads`, or those of the task."""
        return NUM_HEADS[self.task] if self.num_heads is None else self.num_heads
