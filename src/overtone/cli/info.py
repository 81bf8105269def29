"""`overtone info`: what is in a compressed file, and what takes its bytes."""

import json
from typing import Annotated, Any

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Inputs, Recursive
from overtone.cli.exits import printable
from overtone.cli.files import run_jobs
from overtone.cli.outcome import Job, Outcome
from overtone.cli.sources import find_inputs, read_bytes


def info(
    inputs: Inputs,
    /,
    *,
    full: bool = False,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    recursive: Recursive = False,
) -> int:
    """Show the header, the settings and each section's share of the rate of .ovt files.

    Example: overtone info photo.ovt

    Args:
        inputs: Files, folders of .ovt files, globs, or - for standard input.
        full: Also decode the coefficients and count what they are made of.
        as_json: Print one JSON object a line and nothing else.
        recursive: Search the folders in a folder too.
    """

    def work(job: Job) -> None:
        found: dict[str, Any] = {"file": job.source}
        found |= overtone.info(read_bytes(job.source), full=full)
        print(json.dumps(found) if as_json else _to_text(found))

    outcome = Outcome()
    sources = find_inputs(inputs, {".ovt"}, outcome, recursive=recursive)
    return run_jobs([Job(source.path, source.path) for source in sources], outcome, work)


def _to_text(found: dict[str, Any]) -> str:
    """One line a fact, then one a section with its share of the file."""
    plain = {key: value for key, value in found.items() if key not in ("file", "sections")}
    lines = [printable(str(found["file"]))]
    for key, value in _flat(plain):
        shown = f"{value:.4f}" if isinstance(value, float) else value
        lines.append(f"  {key.replace('_', ' '):<24} {shown}")
    lines.append(f"  {'section':<24} {'bytes':>9} {'share':>7}")
    total = found["size_bytes"]
    for name, size in found["sections"].items():
        lines.append(f"  {name:<24} {size:>9} {100 * size / total:>6.1f}%")
    return "\n".join(lines)


def _flat(mapping: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in mapping.items():
        if isinstance(value, dict):
            pairs += _flat(value, f"{prefix}{key}.")
        else:
            pairs.append((prefix + key, value))
    return pairs
