"""Spectral dictionaries: the published form and ours against principal components."""

from experiments.harness.item import Item, Step, trials_step
from experiments.spectral_dictionary.judge import judge
from experiments.spectral_dictionary.page import PAGE, build


def run_step(data: str, minutes: float) -> Step:
    """All trials on one data set."""
    return trials_step("spectral_dictionary.measure", "--run", data, needs=(data,), minutes=minutes)


ITEM = Item(
    page=PAGE,
    build=build,
    judge=judge,
    steps=(
        Step(
            script="speed.dictionary",
            arguments=("{data}", "--run", "photo32", "--runs", "{work}"),
            needs=("photo32",),
            minutes=50,
            replaces=True,
        ),
        run_step("mnist", 40),
        run_step("fashion-mnist", 40),
        run_step("photo32", 30),
        Step(
            script="spectral_dictionary.measure",
            arguments=("{data}", "--stability", "--runs", "{work}"),
            needs=("fashion-mnist",),
            minutes=15,
        ),
    ),
)
