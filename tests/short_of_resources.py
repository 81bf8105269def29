"""Encodes and decodes with ever less memory, or with few threads, and prints what came of it.

    python tests/short_of_resources.py

Run by tests/test_short_of_resources.py. Each try is a process of its own that may map so much more
memory than it has, or start so many threads. One line of JSON for each codec, call and resource:
how often it was done, ended with an error that the command line shows in one line, or with what.
"""

from __future__ import annotations

import collections
import json
import os
import pathlib
import resource
import signal
import time
from collections.abc import Callable

from helpers import scene

from overtone.codecs.registry import decode, encode
from overtone.errors import OvertoneError

NUM_THREADS = 16
MIB = 1 << 20
MEMORY_MIB = (0, 1, 4, 20, 70)
THREADS = (0, 1, 3)
NOBODY = 65534  # root may start as many threads as it likes
PATIENCE_S = 60


def mapped_bytes() -> int:
    """Addresses in use."""
    pages = int(pathlib.Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()


def limit_memory(mib: float) -> None:
    """So much more may be mapped."""
    limit = mapped_bytes() + int(mib * MIB)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def limit_threads(count: int) -> None:
    """So many more may be started by this user, whom nobody else should be."""
    if os.getuid() == 0:
        os.setuid(NOBODY)
    resource.setrlimit(resource.RLIMIT_NPROC, (1 + count, 1 + count))


def outcome(limit: Callable[[], None], work: Callable[[], object]) -> str:
    """What becomes of the work in a process with a limit."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            limit()
            work()
            code = 0
        except (OvertoneError, OSError, MemoryError):
            code = 1
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(code)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if os.WIFSIGNALED(status):
                return f"signal {os.WTERMSIG(status)}"
            code = os.WEXITSTATUS(status)
            return {0: "done", 1: "error"}.get(code, f"exit code {code}")
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hang"


def main() -> None:
    """Every codec, both ways, under every limit."""
    image = scene(72, 136)
    settings = {"dfm": {"width": 3, "depth": 2, "tile_px": 24, "steps": 60}}
    for codec in ("tiled-dct", "dfm", "sparse-dct"):
        how = {"codec": codec, "settings": settings.get(codec), "verify": False}
        file = encode(image, num_threads=1, **how)
        calls = {
            "encode": lambda how=how: encode(image, num_threads=NUM_THREADS, **how),
            "decode": lambda file=file: decode(file, num_threads=NUM_THREADS),
        }
        for call, work in calls.items():
            limits = {
                "memory": [lambda mib=mib: limit_memory(mib) for mib in MEMORY_MIB],
                "threads": [lambda count=count: limit_threads(count) for count in THREADS],
            }
            for name, each in limits.items():
                counts = collections.Counter(outcome(limit, work) for limit in each)
                print(
                    json.dumps({"codec": codec, "call": call, "limit": name, **counts}), flush=True
                )


if __name__ == "__main__":
    main()
