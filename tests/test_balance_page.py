"""The page about filled classes says what its rows say."""

from __future__ import annotations

import json
import pathlib

import pytest
from benchmarks import balance_page

ROOT = pathlib.Path(__file__).parent.parent


def row(seed, arm, rare):
    return {
        "seed": seed,
        "arm": arm,
        "rare_classes": [1, 4],
        "rare_accuracy": rare,
        "common_accuracy": 0.9,
        "accuracy": 0.8,
        "model": "toy",
        "preset": "small",
        "core_minutes": 1.5,
        "prior": "gaussian",
        "temperature": 1.0,
        "steps": 10,
    }


ROWS = [
    row(1, "repeat", 0.5),
    row(1, "synthetic", 0.52),
    row(2, "repeat", 0.6),
    row(2, "synthetic", 0.57),
    row(3, "synthetic", 0.9),
]


def test_gains_are_paired_by_seed():
    assert balance_page.gains_over_control(ROWS, "synthetic") == pytest.approx([2, -3])


def test_the_table_has_means_deviations_and_wins():
    table = balance_page.table_part(ROWS)
    assert "| repetition (control) | 55.0 ± 7.1 | – | 90.0 ± 0.0 | 80.0 ± 0.0 |" in table
    assert "| `overtone balance` | 66.3 ± 20.6 | -0.5 (1 of 2) |" in table


def test_the_committed_page_is_what_its_rows_say(tmp_path, monkeypatch):
    rows = ROOT / "results/balance/fashion-mnist.jsonl"
    page = ROOT / balance_page.PAGE
    monkeypatch.setattr(balance_page, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(balance_page, "FIGURE", ROOT / balance_page.FIGURE)
    balance_page.write_page(rows)
    assert (tmp_path / "page.md").read_text("utf-8") == page.read_text("utf-8")
    assert all(json.loads(line)["seed"] for line in rows.read_text("utf-8").splitlines())
