"""What one reproduction is: its pages, what they follow from, and how that is measured again."""

import dataclasses
import itertools
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

Verdict = Literal[
    "holds", "holds in part", "does not hold", "not testable here", "not measured yet"
]

_MARK = re.compile(r"\{\w+\}")
NOT_MEASURED = "Not measured yet."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One run of a script that writes rows; what is there already it skips, unless told otherwise.

    Attributes:
        script: Module below `experiments`, such as "kodak.measure".
        arguments: Of the script; `{data}`, `{work}` and `{weights}` stand for the folder of the
            data sets, the folder of training runs and the file of feature weights. An argument
            with `{weights}`, and the option before it, is left out where none is given.
        needs: What has to be in the folder of the data sets.
        minutes: About what it takes on two cores when nothing is there yet.
        replaces: Whether it measures everything again and replaces its rows.
    """

    script: str
    arguments: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    minutes: float
    replaces: bool = False

    def filled(self, known: Mapping[str, str]) -> tuple[str, ...]:
        """The arguments with what is known in place of its marks.

        An argument with a mark that is not known is left out, and the option before it too.
        """
        words = []
        for argument, after in itertools.pairwise((*self.arguments, "")):
            is_whole = set(_MARK.findall(argument)) <= known.keys()
            is_option = argument.startswith("--") and not set(_MARK.findall(after)) <= known.keys()
            if is_whole and not is_option:
                words.append(_MARK.sub(lambda mark: known[mark[0]], argument))
        return tuple(words)


def trials_step(script: str, *arguments: str, needs: tuple[str, ...], minutes: float) -> Step:
    """A script that trains models and measures what they draw."""
    return Step(
        script=script,
        arguments=("{data}", *arguments, "--runs", "{work}", "--feature-weights", "{weights}"),
        needs=needs,
        minutes=minutes,
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the rows say about a claim.

    Attributes:
        claim: Its key in `claims.toml`.
        preset: Whose numbers these are: those of the published form, or of ours.
        measured: The numbers, in words.
        data: They were measured on.
        verdict: Follows from the numbers by `rule`.
        rule: When a claim holds, holds in part or does not, with the thresholds that were used.
    """

    claim: str
    preset: str
    measured: str
    data: str
    verdict: Verdict
    rule: str


def share_that_does(count: int, total: int) -> Verdict:
    """All hold, some hold, none does."""
    if total == 0:
        return "not measured yet"
    return "holds" if count == total else "holds in part" if count else "does not hold"


def no_findings(root: pathlib.Path) -> Sequence[Finding]:
    """Of an item that no claim rests on."""
    del root
    return ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A reproduction.

    Attributes:
        page: Where a reader finds it, relative to the root.
        build: From the root, which has `experiments/` and `docs/`, to the text of each page.
        steps: What measures its rows, in order.
        judge: From the root to what its rows say about claims.
    """

    page: str
    build: Callable[[pathlib.Path], Mapping[str, str]]
    steps: tuple[Step, ...] = ()
    judge: Callable[[pathlib.Path], Sequence[Finding]] = no_findings
