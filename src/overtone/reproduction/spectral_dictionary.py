"""Spectral dictionaries: the published form and ours against principal components."""

from overtone.reproduction.dictionary_claims import judge
from overtone.reproduction.dictionary_page import PAGE, build
from overtone.reproduction.item import Item, Step, trials_step


def run_step(data: str, minutes: float) -> Step:
    """All trials on one data set."""
    return trials_step("reproduce_dictionary.py", "--run", data, needs=(data,), minutes=minutes)


ITEM = Item(
    page=PAGE,
    build=build,
    judge=judge,
    steps=(
        Step(
            script="bench_dictionary.py",
            arguments=("{data}", "--run", "photo32", "--runs", "{work}"),
            needs=("photo32",),
            minutes=50,
            replaces=True,
        ),
        run_step("mnist", 40),
        run_step("fashion-mnist", 40),
        run_step("photo32", 30),
        Step(
            script="reproduce_dictionary.py",
            arguments=("{data}", "--stability", "--runs", "{work}"),
            needs=("fashion-mnist",),
            minutes=15,
        ),
    ),
)
