"""Where and by which code something was measured: a part of every row of results."""

import datetime
import functools
import hashlib
import os
import pathlib
import platform
import subprocess

import overtone


@functools.cache
def commit() -> str:
    """The checkout this package runs from, marked if its code differs from the commit."""
    folder = pathlib.Path(overtone.__file__).parent
    head = _git(folder, "rev-parse", "--short=7", "HEAD")
    if head is None:
        return "unknown"
    top = _git(folder, "rev-parse", "--show-toplevel") or "."
    changes = _git(pathlib.Path(top), "diff", "HEAD", "--", "src", "csrc", "CMakeLists.txt")
    if changes:
        return f"{head}-dirty.{hashlib.sha256(changes.encode()).hexdigest()[:6]}"
    return head


def _git(folder: pathlib.Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@functools.cache
def machine() -> str:
    """Processors and their widest vector instructions, without naming the machine."""
    num_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    flags = cpuinfo.read_text("utf-8").split() if cpuinfo.exists() else []
    widest = next((f" {name}" for name in ("avx512f", "avx2") if name in flags), "")
    return f"{num_cores}-core {platform.machine()}{widest}, no GPU used"


def provenance() -> dict[str, str]:
    """The fields that rows have in common."""
    return {"commit": commit(), "machine": machine(), "date": now()}


def now() -> str:
    """The time of day, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
