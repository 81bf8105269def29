"""Rare classes of CIFAR-10: the page of what filling them does for a classifier."""

import pathlib

from experiments.harness.rows import Record, read_records

PAGE = "docs/reproduction/balance-cifar10.md"
ROWS = "experiments/balance/rows/cifar10.jsonl"
FIELDS = {
    "seed": int,
    "arm": str,
    "share": float,
    "steps": int,
    "generator": (str, None),
    "num_rare": int,
    "rare_classes": list,
    "rare_accuracy": float,
    "common_accuracy": float,
    "accuracy": float,
}


def read(root: pathlib.Path) -> list[Record]:
    """Of rows that measure the same thing the last one counts."""
    rows = read_records(root / ROWS, FIELDS)
    keys = ("seed", "arm", "share", "steps")
    return list({tuple(row[key] for key in keys): row for row in rows}.values())
