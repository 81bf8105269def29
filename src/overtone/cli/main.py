"""The table of commands, and what every command's errors and exit codes have in common."""

import sys
from collections.abc import Sequence

import cyclopts

from overtone import __version__
from overtone.cli.arguments import spell_out
from overtone.cli.atoms import atoms
from overtone.cli.balance import balance
from overtone.cli.colorize import colorize
from overtone.cli.compare import compare
from overtone.cli.decode import decode
from overtone.cli.edit import edit
from overtone.cli.encode import encode
from overtone.cli.evaluate import evaluate
from overtone.cli.exits import (
    EXIT_DONE,
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    describe,
    print_error,
    show_traceback,
)
from overtone.cli.info import info
from overtone.cli.interpolate import interpolate
from overtone.cli.list import list_
from overtone.cli.reconstruct import reconstruct
from overtone.cli.sample import sample
from overtone.cli.spectrum import spectrum
from overtone.cli.studio import studio
from overtone.cli.train import train
from overtone.cli.upscale import upscale
from overtone.cli.usage import Command, describe_usage, usage_of, verb_of
from overtone.errors import ConfigError, OvertoneError, PathError
from overtone.extras import about_missing

# One verb each. Their modules import NumPy, Pillow and the like inside the functions, so that help
# and wrong usage are answered at once.
COMMANDS: tuple[Command, ...] = (
    encode,
    decode,
    info,
    edit,
    spectrum,
    compare,
    train,
    sample,
    reconstruct,
    interpolate,
    atoms,
    balance,
    colorize,
    upscale,
    evaluate,
    studio,
    list_,
)


def build_app() -> cyclopts.App:
    """The command line parser with every verb."""
    app = cyclopts.App(
        name="overtone",
        help="Compress, generate and edit images in the frequency domain.",
        version=f"overtone {__version__}",
        version_flags=["--version"],
        help_flags=["--help", "-h"],
        help_format="plaintext",
        default_parameter=cyclopts.Parameter(negative=()),
        result_action="return_value",
        suppress_keyboard_interrupt=False,  # `main` handles it
    )
    for command in COMMANDS:
        app.command(command, name=verb_of(command), usage=f"Usage: {usage_of(command)}")
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0, 1 (error), 2 (usage), 130 (interrupted)."""
    return run(build_app(), arguments)


def run(app: cyclopts.App, arguments: Sequence[str] | None) -> int:
    """Runs a command of an application; every error of a user is one line."""
    try:
        words = spell_out(sys.argv[1:] if arguments is None else arguments)
        code = app(words, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except cyclopts.CycloptsError as error:
        program = " ".join(app.name)
        print_error(describe_usage(error, program, COMMANDS if program == "overtone" else ()))
        return EXIT_USAGE
    except BrokenPipeError:
        # The reader of our output has left; Python would complain again when it closes stdout.
        sys.stdout = None
        return EXIT_ERROR
    except (OvertoneError, OSError, MemoryError) as error:
        show_traceback(error)
        print_error(describe(error))
        # A setting that cannot be is the command's fault; a missing file is not.
        is_usage = isinstance(error, ConfigError) and not isinstance(error, PathError)
        return EXIT_USAGE if is_usage else EXIT_ERROR
    except ModuleNotFoundError as error:
        missing = about_missing(error, "this command")
        if missing is None:
            raise
        print_error(missing)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print_error("interrupted")
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
