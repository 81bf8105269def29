"""Where the program begins: signals and closed streams are seen to before anything is imported.

The commands import a lot. An interrupt meanwhile, a request to end, or a standard stream that was
closed by the caller must not end in a traceback.
"""

import contextlib
import os
import signal
import sys
import warnings

from overtone.cli.exits import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    account_of,
    note,
    print_error,
)
from overtone.cli.interrupts import watch

# In the order of their numbers. Standard output is opened for reading, so that writing to it fails
# as it does where it is closed.
_STREAMS = (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"))


def main() -> int:
    """The command line as a program: runs one command and returns its exit code."""
    try:
        _open_closed_streams()
        watch()
        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _terminate)
        warnings.showwarning = _show_warning
        from overtone.cli.main import main as run

        code = run()
        return code if _flush() else max(code, EXIT_ERROR)
    except KeyboardInterrupt:
        print_error("interrupted")
        return EXIT_INTERRUPTED
    except Exception as error:  # of which nobody knew
        print_error(account_of(error))
        return EXIT_ERROR
    except SystemExit as error:
        if error.code == EXIT_TERMINATED:
            print_error("terminated")
        raise


def _terminate(*_: object) -> None:
    """Ends the program as an exception does, so that files half written are taken away."""
    raise SystemExit(EXIT_TERMINATED)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """A warning as one line, without the place in the program."""
    note(f"warning: {' '.join(str(message).split())}")


def _open_closed_streams() -> None:
    """Gives each standard stream that the caller has closed a place where nothing is."""
    for number, (name, flags, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is not None:
            continue
        handle = os.open(os.devnull, flags)  # the lowest free number, which is that of the stream
        if handle != number:
            os.dup2(handle, number)
            os.close(handle)
        setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _flush() -> bool:
    """Whether all output has left; what cannot is dropped, or Python would complain at its end."""
    is_done = True
    for stream in (sys.stdout, sys.__stdout__):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            is_done = False
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return is_done


if __name__ == "__main__":
    sys.exit(main())
