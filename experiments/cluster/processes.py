"""Processes of Ray on this machine, found in /proc."""

import os
import pathlib
import signal

TASK = b"ray::_call"  # how Ray calls a worker at work on one of our tasks


def parents() -> dict[int, int]:
    """Process to its parent."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:  # it has ended
            continue
        found[int(path.parent.name)] = int(text.rpartition(")")[2].split()[1])
    return found


def workers_below(process: int) -> list[int]:
    """Descendants of a process that work on a task of ours at the moment."""
    above = parents()
    found = []
    for each in above:
        ancestor = each
        while ancestor in above and ancestor != process:
            ancestor = above[ancestor]
        if ancestor == process and _command(each).startswith(TASK):
            found.append(each)
    return sorted(found)


def kill(process: int) -> bool:
    """Ends a process at once; whether it was there."""
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _command(process: int) -> bytes:
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""
