"""`python -m experiments`: the pages of experiments, their verdicts, and the measurements."""

import sys
from collections.abc import Sequence

import cyclopts

from experiments.cli import reproduce
from overtone.cli.main import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    app = cyclopts.App(
        name="python -m experiments",
        help_flags=["--help", "-h"],
        help_format="plaintext",
        version_flags=[],
        default_parameter=cyclopts.Parameter(negative=()),
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    app.default(reproduce)
    return run(app, arguments)


if __name__ == "__main__":
    sys.exit(main())
