"""The DCTransformer: what its representation loses, what its lists cost, what it draws."""

from experiments.dctransformer.judge import judge
from experiments.dctransformer.page import DATA, build
from experiments.dctransformer.places import PAGE
from experiments.harness.item import Item, Step, trials_step


def step(*arguments: str, needs: tuple[str, ...], minutes: float) -> Step:
    """A part of the experiments."""
    return trials_step("dctransformer.measure", *arguments, needs=needs, minutes=minutes)


ITEM = Item(
    page=PAGE,
    build=build,
    judge=judge,
    steps=(
        step("--ceiling", *DATA, needs=DATA, minutes=30),
        step("--baselines", "mnist", "fashion-mnist", needs=DATA[:2], minutes=10),
        step(
            *("--run", "likelihood", "--core-minutes", "240", "--num-threads", "2"),
            needs=("fashion-mnist",),
            minutes=150,
        ),
        step("--run", "draw-mnist", "draw-fashion-mnist", needs=DATA[:2], minutes=80),
        step("--run", "draw-photo32", "colorize", "upscale", needs=("photo32",), minutes=120),
        step("--run", "cifar10-b4", "cifar10-b8", needs=("cifar10",), minutes=50),
        step("--baselines", "cifar10", needs=("cifar10",), minutes=5),
        trials_step(
            "dctransformer.completion",
            *("--photographs", "kodak"),
            needs=("cifar10", "kodak"),
            minutes=120,
        ),
    ),
)
