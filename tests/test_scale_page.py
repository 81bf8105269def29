"""What the page about many pictures by Ray makes of its rows."""

from __future__ import annotations

import json

import pytest
from experiments.cluster.page import PAGE, build, kills_verdict, ratio_of, scaling_verdict

MACHINE = {"commit": "abc1234", "machine": "2-core", "date": "2026-01-02T03:04:05Z"}


def timed(num_workers, seconds, *, run="2026-01-02", num_pictures=1000):
    return {
        **{"num_workers": num_workers, "num_pictures": num_pictures, "width": 288, "height": 192},
        **{"effort": "fast", "seconds": seconds, "start_s": 5.0, "photos": "examples"},
        **{"repeat": 0, "seed": 0, "run": run},
        **MACHINE,
    }


def killed(kind, seed, **more):
    return {
        **{"killed": kind, "seed": seed, "num_pictures": 60, "num_done_before": 7},
        **{"num_in_flight": 4, "num_lost": 0, "num_surplus": 0, "num_doubled": 0},
        **{"num_differing": 0, "num_repeated": 3, "num_repeated_in_vain": 0},
        **MACHINE,
        **more,
    }


def test_two_workers_against_one():
    rows = [timed(1, 90.0), timed(2, 50.0), timed(1, 99.0), timed(2, 54.0), timed(1, 95.0)]
    assert ratio_of(rows) == pytest.approx(95 / 52)
    assert scaling_verdict(rows) == "holds"
    assert scaling_verdict([*rows, timed(2, 60.0)]) == "does not hold"
    assert scaling_verdict(rows[:1]) == "not measured yet"
    few = [timed(1, 9.0, num_pictures=60), timed(2, 1.0, num_pictures=60)]
    assert scaling_verdict(few) == "not measured yet"


def test_kills():
    rows = [killed(kind, seed) for kind in ("worker", "driver") for seed in range(10)]
    assert kills_verdict(rows) == "holds"
    assert kills_verdict(rows[1:]) == "not measured yet"
    faults = ("num_lost", "num_surplus", "num_doubled", "num_differing", "num_repeated_in_vain")
    for name in faults:
        assert kills_verdict([*rows, killed("worker", 11, **{name: 1})]) == "does not hold"
    assert kills_verdict([*rows, killed("worker", 11, num_repeated=5)]) == "does not hold"


def test_the_page_has_the_newest_run_and_the_last_row_of_a_kill(tmp_path):
    folder = tmp_path / "experiments" / "cluster" / "rows"
    folder.mkdir(parents=True)
    old = [timed(1, 10.0, run="2025-01-01"), timed(2, 10.0, run="2025-01-01")]
    rows = {
        "scaling": [*old, timed(1, 95.0), timed(2, 50.0)],
        "kills": [killed("driver", 0, num_lost=1), killed("driver", 0, num_repeated=2)],
    }
    for name, own in rows.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in own))
    page = build(tmp_path)[PAGE]
    assert "Two workers are 1.90 times as fast as one: **holds**." in page
    assert "| 2 | 1 | 50.0 | 50.0 | 50.0 | 20.0 | 5.0 |" in page
    assert "| the program | 1 | 60 | 7 to 7 | 0 | 0 | 0 | 0 | 2 to 2 | 0 |" in page
    assert "**not measured yet**. Rule: in at least 10 kills" in page
