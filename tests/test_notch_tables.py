"""Tables of the notch: what rows become, and rows that are refused."""

from __future__ import annotations

import json

import pytest
from experiments.kodak.page import TABLES
from experiments.notch import tables as notch_tables

from overtone.errors import ConfigError

ABOUT = {"commit": "abc1234", "machine": "a machine", "date": "2026-11-25T00:00:00Z"}
NOTE = "Measured at commit abc1234 on a machine, 2026-11-25."


def write_rows(root, *rows):
    path = root / notch_tables.ROWS
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"image": f"i{n}", **ABOUT, **row}) for n, row in enumerate(rows)]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def test_without_rows_each_says_so(tmp_path):
    own = [name for name in TABLES if name.startswith(("notch-", "edit-"))]
    assert len(own) == 5
    assert {TABLES[name](tmp_path) for name in own} == {"Not measured yet."}


def test_alarms_are_counted_by_threshold(tmp_path):
    row = {"what": "false alarms", "threshold_db": 12.0}
    rows = [row | {"num_found": n, "psnr_db": score} for n, score in ((0, None), (3, 31.25))]
    rows.append({"what": "false alarms", "threshold_db": 18.0, "num_found": 0, "psnr_db": None})
    write_rows(tmp_path, *rows)
    assert notch_tables.false_alarms(tmp_path).splitlines()[2:] == [
        "| 12 dB | 1 of 2 | 3 | 31.2 dB |",
        "| 18 dB | 0 of 1 | 0 | unchanged |",
        "",
        NOTE,
    ]


def test_what_is_found_is_averaged(tmp_path):
    row = {"what": "sinusoids", "cycles": 60}
    found = {"is_found": True, "before_db": 30.0}
    write_rows(
        tmp_path,
        row | found | {"amplitude": 2, "after_db": 40.0},
        row | found | {"amplitude": 2, "after_db": 50.0},
        row | {"amplitude": 2, "is_found": False, "before_db": 45.0, "after_db": None},
        row | {"amplitude": 1, "is_found": False, "before_db": 45.0, "after_db": 45.0},
    )
    assert notch_tables.sinusoids(tmp_path).splitlines() == [
        "| cycles per image | amplitude 1 | amplitude 2 |",
        "|--:|--:|--:|",
        "| 60 | 0 of 1 | 2 of 3, 30.0 → 45.0 dB |",
        "",
        NOTE,
    ]
    assert notch_tables.dark_lines(tmp_path) == "Not measured yet."


def test_a_row_without_a_field_is_named(tmp_path):
    write_rows(tmp_path, {"what": "borders", "domain": "dct", "frame": 1.0})
    with pytest.raises(ConfigError, match="row of borders has no inside"):
        notch_tables.borders(tmp_path)
