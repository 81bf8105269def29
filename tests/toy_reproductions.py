"""Reproductions whose scripts are a line each, for tests of the command."""

from __future__ import annotations

import pathlib

from experiments.harness.item import Item, Step


def build(root: pathlib.Path) -> dict[str, str]:
    rows = root / "experiments" / "toy.jsonl"
    return {
        "docs/reproduction/toy.md": rows.read_text() if rows.exists() else "Not measured yet.\n"
    }


def step(script, *arguments, **words):
    return Step(script=script, arguments=arguments, minutes=2.5, **words)


def item(*steps):
    return Item(page="docs/reproduction/toy.md", build=build, steps=steps)


TOY_STEPS = (
    step("good", "{data}/set", "--runs", "{work}", needs=("set",)),
    step("good", "--weights", "{weights}", "--last"),
)
TOY = item(*TOY_STEPS)
BROKEN = item(step("bad"), step("good", "after"))
PATIENT = item(step("wait"))
ALIKE = item(*TOY_STEPS, step("good", "own"))

ITEMS = {
    name: f"toy_reproductions:{name.upper()}" for name in ("toy", "broken", "patient", "alike")
}
