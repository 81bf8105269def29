"""The machine, the commit and the date of a measurement: a part of every row of results."""

import datetime
import functools
import hashlib
import os
import pathlib
import platform
import subprocess

import overtone

# What a measurement depends on, as Git's pathspecs; rows are its result.
CODE = ("src", "csrc", "CMakeLists.txt", "experiments", ":(exclude,glob)experiments/*/rows/**")


@functools.cache
def commit() -> str:
    """The commit of the checkout this package runs from; "unknown" if it is installed elsewhere.

    Where the code of the package or of the experiments differs from that commit, "-dirty" and six
    digits of a hash of the differences follow.
    """
    return commit_of(pathlib.Path(overtone.__file__).parent)


def commit_of(package: pathlib.Path) -> str:
    """`commit` of a package in this folder."""
    top = _git(package, "rev-parse", "--show-toplevel")
    # A package installed in an environment may lie in the checkout of something else.
    if top is None or (pathlib.Path(top) / "src" / "overtone").resolve() != package.resolve():
        return "unknown"
    root = pathlib.Path(top)
    head = _git(root, "rev-parse", "--short=7", "HEAD")
    changes = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *CODE)
    if head is None or changes is None:
        return "unknown"
    if not changes:
        return head
    changes += _git(root, "diff", "HEAD", "--", *CODE) or ""
    return f"{head}-dirty.{hashlib.sha256(changes.encode()).hexdigest()[:6]}"


def _git(folder: pathlib.Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@functools.cache
def machine(card: str | None = None) -> str:
    """Processors, their widest vector instructions, and the card, without naming the machine."""
    num_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    flags = cpuinfo.read_text("utf-8").split() if cpuinfo.exists() else []
    widest = next((f" {name}" for name in ("avx512f", "avx2") if name in flags), "")
    return f"{num_cores}-core {platform.machine()}{widest}, {card or 'no GPU used'}"


def provenance(card: str | None = None) -> dict[str, str]:
    """The fields that rows have in common."""
    return {"commit": commit(), "machine": machine(card), "date": now()}


def now() -> str:
    """The time of day, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
