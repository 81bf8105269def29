"""Rows of results made up for tests, and what they are judged to mean."""

from __future__ import annotations

import dataclasses
import json

from overtone.evaluate.distribution.rows import (
    DistributionRow,
    SampleSource,
    append_distribution_rows,
)


def distance(model, frechet, *, prior="normal", name=None, **changes):
    row = DistributionRow(
        compared="samples",
        source=SampleSource(
            name=name or f"mnist-{model}-0", model=model, prior=prior, core_minutes=20
        ),
        reference="mnist/test",
        reference_hash="abc",
        num_samples=100,
        num_reference=100,
        features="gray28",
        weights_hash="def",
        values={
            "frechet": frechet,
            "kernel": 0.1,
            "precision": 0.5,
            "recall": 0.4,
            "coverage": 0.3,
        },
        errors={"kernel": 0.01},
        seed=0,
        version="1",
        commit="c",
        machine="m",
        date="2026-01-01T00:00:00Z",
    )
    return dataclasses.replace(row, **changes)


def store_distances(root, name, rows):
    append_distribution_rows(root / "experiments" / name, rows)


def store(root, name, rows):
    path = root / "experiments" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def verdicts(findings, claim, preset=""):
    return [each.verdict for each in findings if each.claim == claim and preset in each.preset]
