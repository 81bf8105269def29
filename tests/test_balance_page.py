"""The page about filled classes says what its rows say."""

from __future__ import annotations

import json

import pytest
from experiments.balance import page as balance

from overtone.errors import ConfigError


def row(seed, arm, rare, steps=10):
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
        "steps": steps,
    }


ROWS = [
    row(1, "repeat", 0.5),
    row(1, "synthetic", 0.52),
    row(2, "repeat", 0.6),
    row(2, "synthetic", 0.57),
    row(3, "synthetic", 0.9),
]


def store(root, rows):
    path = root / balance.ROWS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))


def test_gains_are_paired_by_seed():
    assert balance.gains_over_control(ROWS, "synthetic") == pytest.approx([2, -3])


def test_the_table_has_means_deviations_and_wins():
    table = balance.table_part(ROWS)
    assert "| repetition (control) | 55.0 ± 7.1 | – | 90.0 ± 0.0 | 80.0 ± 0.0 |" in table
    assert "| `overtone balance` | 66.3 ± 20.6 | -0.5 (1 of 2) |" in table


def test_of_rows_that_measure_the_same_the_last_counts(tmp_path):
    store(tmp_path, [row(1, "repeat", 0.1), *ROWS])
    assert balance.table_part(balance.read(tmp_path)) == balance.table_part(ROWS)


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([], "not measured yet"),
        (ROWS, "does not hold"),
        ([*ROWS, row(2, "synthetic", 0.61)], "holds"),
        ([*ROWS, row(1, "half", 0.6), row(2, "half", 0.61)], "holds in part"),
        ([*ROWS, row(1, "half", 0.6), row(2, "half", 0.6)], "does not hold"),
        (
            [
                *(*ROWS, row(2, "synthetic", 0.61)),
                *(row(1, "repeat", 0.5, 20), row(1, "synthetic", 0.4, 20)),
            ],
            "holds in part",
        ),
    ],
)
def test_the_verdict_follows_the_gains_of_every_seed(rows, verdict, tmp_path):
    store(tmp_path, rows)
    (finding,) = balance.judge(tmp_path)
    assert finding.verdict == verdict


def test_a_row_without_a_seed_is_named_with_its_line(tmp_path):
    store(tmp_path, [*ROWS, {"arm": "half"}])
    with pytest.raises(ConfigError, match=r"fashion-mnist\.jsonl, line 6: the row has no seed"):
        balance.build(tmp_path)
