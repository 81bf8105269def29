"""The command: pages and verdicts from rows, and the experiments measured again."""

import pathlib
import shlex
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from overtone.cli.exits import EXIT_DONE, EXIT_ERROR, describe, print_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from experiments.harness.run import Command, Paths


def reproduce(
    items: Annotated[list[str] | None, Parameter(name="ITEM")] = None,
    /,
    *,
    root: str = ".",
    run: bool = False,
    data: str | None = None,
    work: str = "runs",
    feature_weights: str | None = None,
    dry_run: bool = False,
) -> int:
    """Write the pages under docs/reproduction/, and the table of verdicts, from rows of results.

    Every number on them, and every verdict, follows from the rows in experiments/. With --run the
    experiments behind them are run first; rows that are there are not measured again, and what is
    stopped goes on with the same command.

    Example: python -m experiments all

    Args:
        items: Names of reproductions, or all, which is the default; `--dry-run` lists them.
        root: Folder with experiments/ and docs/; for --run a checkout.
        run: Run the experiments first.
        data: Folder with mnist, fashion-mnist, photo32, cifar10 and kodak, for --run.
        work: Folder of training runs, for --run.
        feature_weights: File of the weights of efficientnet-lite0, where no package brings them.
        dry_run: Only list the pages, and with what commands and at what cost their rows are
            measured.
    """
    from experiments.harness.rebuild import check_root, rebuild
    from experiments.registry import ALL
    from overtone.errors import ConfigError

    names = items or [ALL]
    if dry_run:
        known = {"{data}": data or "DATA", "{work}": work, "{weights}": feature_weights or "FILE"}
        print("\n".join(listing(names, known)))
        return EXIT_DONE
    code = EXIT_DONE
    if run:
        if data is None:
            raise ConfigError("--run needs the folder of the data sets; give it with --data")
        from experiments.harness.run import Paths, commands_of

        paths = Paths(
            root=check_root(root),
            data=pathlib.Path(data),
            work=pathlib.Path(work),
            feature_weights=pathlib.Path(feature_weights) if feature_weights else None,
        )
        code = run_all(commands_of(names, paths), paths)
    for page, is_new in rebuild(names, root).items():
        print(f"{page}: {'written' if is_new else 'unchanged'}", file=sys.stderr)
    return code


def listing(names: "Sequence[str]", known: "Mapping[str, str]") -> list[str]:
    """Each item with its page, and its commands with what they take."""
    from experiments.harness.run import PACKAGE
    from experiments.registry import get_item, names_of

    lines, total = [], 0.0
    for name in names_of(names):
        item = get_item(name)
        lines.append(f"{name}: {item.page}")
        for step in item.steps:
            note = ", measures all again" if step.replaces else ""
            words = shlex.join(("python", "-m", f"{PACKAGE}.{step.script}", *step.filled(known)))
            lines.append(f"  {words}  (about {step.minutes:g} min{note})")
            total += step.minutes
    return [*lines, f"about {total:g} minutes on two cores in all, where nothing is measured yet"]


def run_all(commands: "Sequence[Command]", paths: "Paths") -> int:
    """Runs one after the other; one that fails leaves the others unharmed and is listed."""
    from experiments.harness.run import StepError, run

    failures = []
    for number, command in enumerate(commands, 1):
        about = f"about {command.step.minutes:g} minutes if nothing is there yet"
        print(f"{number}/{len(commands)} {command.item}: {command}  ({about})", file=sys.stderr)
        try:
            run(command, paths)
        except (StepError, OSError) as error:
            failures.append(describe(error))
    for failure in failures:
        print_error(failure)
    return EXIT_ERROR if failures else EXIT_DONE
