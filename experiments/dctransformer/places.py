"""Where rows, pictures and the page are, and what rows are called."""

import os
import pathlib

PAGE = "docs/reproduction/dctransformer.md"
IMAGES = pathlib.Path("docs/images/dctransformer")
RESULTS = pathlib.Path("experiments/dctransformer/rows")
CEILING, LIKELIHOOD, SAMPLES = (RESULTS / name for name in ("ceiling", "likelihood", "samples"))
TRAINING, TASKS, COMPLETION = (RESULTS / name for name in ("training", "tasks", "completion"))

# Names of the rows of a task: the control, the best a list can be, results of the model.
CONTROLS = {"colorize": "gray as is", "upscale": "bicubic"}
ORIGINAL = "the original through the model's tables"
NUM_AVERAGED = 4  # results of which the mean is a guess with a small squared error
ONE, MEAN = "one result", f"mean of {NUM_AVERAGED} results"
PREDICTED = "predicted mean"


def picture(name: str, root: pathlib.Path) -> str:
    """A grid, if there is one."""
    path = IMAGES / f"{name}.png"
    if not (root / path).exists():
        return ""
    relative = pathlib.PurePath(os.path.relpath(path, pathlib.PurePath(PAGE).parent)).as_posix()
    return f"![{name}]({relative})"
