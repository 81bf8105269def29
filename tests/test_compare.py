"""`overtone compare` from pictures to rows, curves and a page."""

import json

import pytest
from helpers import scene
from PIL import Image

from overtone.cli.main import main
from overtone.evaluate.rate_distortion.rows import read_rows


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, shape in (("tall", (70, 44)), ("wide", (48, 90))):
        Image.fromarray(scene(*shape)).save(folder / f"{name}.png")
    return folder


def test_rows_curves_page_and_table(pictures, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["compare", str(pictures), "--codecs", "webp,jpeg", "--qualities", "20,50,80"]
    assert main([*arguments, "--suite", "small", "-o", str(out)]) == 0
    rows = read_rows(out)
    assert len(rows) == 2 * 2 * 3
    assert {row.suite for row in rows} == {"small"}
    assert (out / "curves.svg").read_text().startswith("<svg")
    assert "wide at" in (out / "report.html").read_text()
    assert "| webp | 2 |" in capsys.readouterr().out

    # Again: nothing is left to measure, and the page is still whole.
    assert main([*arguments, "--suite", "small", "-o", str(out)]) == 0
    assert len(read_rows(out)) == len(rows)
    assert "tall at" in (out / "report.html").read_text()


def test_rates_are_searched_for(pictures, tmp_path):
    out = tmp_path / "out"
    arguments = ["compare", str(pictures / "wide.png"), "--codecs", "jpeg2000"]
    assert main([*arguments, "--rates", "2,4", "-o", str(out), "--pictures", "0"]) == 0
    for line in (out / "jpeg2000.jsonl").read_text().splitlines():
        row = json.loads(line)
        assert row["rate_bpp"] == pytest.approx(row["target_bpp"], rel=0.1)
    assert not (out / "report.html").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rates", "0.1", "--qualities", "5"], "not both"),
        (["--rates", "0.1,much"], "--rates must be numbers"),
        (["--qualities", "0"], "over 0"),
        (["--codecs", "jepg", "--qualities", "5"], "did you mean jpeg"),
    ],
)
def test_a_wrong_option_is_one_line(pictures, tmp_path, options, message, capsys):
    assert main(["compare", str(pictures), "-o", str(tmp_path / "out"), *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
