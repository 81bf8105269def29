"""What the fuzzer counts, and the records of its runs; fuzz_runs.jsonl has one that counts."""

from __future__ import annotations

import collections
import json
import pathlib
import platform
import subprocess
from typing import Any


class Tally:
    """What became of the inputs of one codec, as far as its number could be read."""

    def __init__(self) -> None:
        self.inputs = 0
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.most_seconds = 0.0
        self.most_bytes_beyond = 0

    def as_record(self) -> dict[str, object]:
        """Ready for JSON."""
        return {
            "inputs": self.inputs,
            "pictures": self.outcomes["picture"],
            "errors": dict(sorted(self.outcomes.items())),
            "most_seconds": round(self.most_seconds, 3),
            "most_mib_beyond_pixels": round(self.most_bytes_beyond / 2**20, 1),
        }


def recorded(path: pathlib.Path | None, seed: int) -> list[dict[str, Any]]:
    """The parts of a seed that are in the file of an earlier run."""
    if path is None or not path.exists():
        return []
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [record for record in records if record["seed"] == seed]


def summary(records: list[dict[str, Any]]) -> list[str]:
    """For each codec the inputs, those that were pictures, and the most time and memory."""
    codecs = sorted({codec for record in records for codec in record["codecs"]})
    lines = []
    for codec in codecs:
        own = [record["codecs"][codec] for record in records if codec in record["codecs"]]
        seconds = max(each["most_seconds"] for each in own)
        mib = max(each["most_mib_beyond_pixels"] for each in own)
        inputs, pictures = (sum(each[key] for each in own) for key in ("inputs", "pictures"))
        lines.append(f"{codec}: {inputs} inputs, {pictures} pictures, {seconds} s, {mib} MiB")
    return lines


def total(records: list[dict[str, Any]]) -> dict[str, Any]:
    """All parts as one record."""
    first = records[0]
    found: dict[str, Any] = {key: first[key] for key in ("seed", "commit", "machine", "python")}
    found["inputs"] = sum(record["inputs"] for record in records)
    found["failures"] = [failure for record in records for failure in record["failures"]]
    found["codecs"] = {}
    for record in records:
        for codec, own in record["codecs"].items():
            sums = found["codecs"].setdefault(codec, {"inputs": 0, "errors": {}})
            sums["inputs"] += own["inputs"]
            for name in ("most_seconds", "most_mib_beyond_pixels"):
                sums[name] = max(sums.get(name, 0), own[name])
            for name, count in own["errors"].items():
                sums["errors"][name] = sums["errors"].get(name, 0) + count
    return found


def provenance() -> dict[str, str]:
    """Commit, machine and Python of a run."""
    git = ["git", "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return {"commit": commit, "machine": platform.machine(), "python": platform.python_version()}
