"""`overtone compare` from pictures to rows, curves and a page."""

import json
import re

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


@pytest.mark.parametrize("name", ["m.ovt", "m.ovt/results", "new.png"])
def test_output_must_be_a_folder(tmp_path, name, capsys):
    """Told before anything is read: the pictures do not exist."""
    (tmp_path / "m.ovt").write_bytes(b"kept")
    for source in ([str(tmp_path / "none.png")], ["--rows", str(tmp_path / "none")]):
        assert main(["compare", *source, "-o", str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert "give a folder" in error
        assert ("m.ovt is a file" if "m.ovt" in name else "new.png is the name of a file") in error
        assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["m.ovt"]


def test_several_folders_are_put_together(pictures, tmp_path, capsys):
    """The same picture with other codecs, and once more the first codec, on another picture."""
    for name, picture, codec in (
        ("one", "wide.png", "jpeg"),
        ("two", "wide.png", "webp"),
        ("three", "tall.png", "jpeg"),
    ):
        arguments = [str(pictures / picture), "--codecs", codec, "--qualities", "20,50,90"]
        output = ["--pictures", "0", "-o", str(tmp_path / name)]
        assert main(["compare", *arguments, *output]) == 0
    capsys.readouterr()
    folders = [f"--rows={tmp_path / name}" for name in ("one", "two", "three")]
    assert main(["compare", *folders, "-o", str(tmp_path / "all")]) == 0
    table = capsys.readouterr().out
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == [
        "jpeg",
        "webp",
        "jpeg in three",
    ]
    assert "jpeg in three" in (tmp_path / "all" / "report.html").read_text("utf-8")
    assert (tmp_path / "all" / "curves.svg").exists()
    assert main(["compare", folders[0], folders[0]]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_rows_are_shown_at_the_rates_they_were_measured_at(pictures, tmp_path, capsys):
    arguments = [str(pictures), "--codecs", "jpeg2000", "--rates", "3,1.5", "--pictures", "0"]
    assert main(["compare", *arguments, "-o", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    again = ["compare", "--rows", str(tmp_path / "out")]
    for options, rates in (([], ["1.5", "3"]), (["--rates", "2"], ["2"])):
        assert main([*again, *options, "-o", str(tmp_path / "all")]) == 0
        head, _, line = capsys.readouterr().out.splitlines()
        assert re.findall(r"dB at (\S+) bpp", head) == rates
        assert "–" not in line.split("|")[5 : 5 + len(rates)]
        assert re.findall(r"dB at (\S+) bpp", (tmp_path / "all/report.html").read_text()) == rates


def test_folders_of_rows_and_pictures_do_not_mix(pictures, tmp_path, capsys):
    for arguments, words in (
        (["--rows", str(tmp_path / "none")], "no rows in"),
        ([str(pictures), "--rows", str(tmp_path)], "pictures or --rows, not both"),
        ([], "give pictures to measure"),
        (["--rows", "any", "--codecs", "jpeg"], "leave out --codecs"),
        (["--rows", "any", "--qualities", "5"], "leave out --qualities"),
        (["--rows", "any", "--pictures-bpp", "1"], "leave out --pictures-bpp"),
        (["--rows", "any", "--force"], "leave out --force"),
        (["--rows", "any", "--rates", "much"], "--rates must be numbers"),
    ):
        assert main(["compare", *arguments]) > 0
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1
