"""Folders in, folders out: trees, what is left out, what fails, and an interrupt in the middle."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest
from helpers import scene
from PIL import Image

from overtone.cli.main import main

BROKEN = ("holiday/notes.png", "holiday/zero.jpg")


@pytest.fixture
def holiday(tmp_path, monkeypatch, raw_codec):
    """A folder as cameras and people leave them."""
    monkeypatch.chdir(tmp_path)
    for place in ("holiday/day 1/beach", "holiday/.thumbs", "holiday/empty", "one"):
        pathlib.Path(place).mkdir(parents=True)
    save("holiday/a.png", scene(24, 40))
    save("holiday/day 1/a.png", scene(41, 23))
    save("holiday/day 1/a.gif", scene(41, 23))
    save("holiday/day 1/beach/Ünï [1].JPG", scene(16, 24))
    save("holiday/.thumbs/a.png", scene(8, 12))
    save("one/a.png", scene(24, 40))
    pathlib.Path("holiday/._a.png").write_bytes(b"of another system")
    pathlib.Path("holiday/notes.txt").write_text("no picture")
    pathlib.Path("holiday/notes.png").write_text("a note with the name of a picture")
    pathlib.Path("holiday/zero.jpg").write_bytes(b"")
    return tmp_path


def save(name, pixels):
    Image.fromarray(pixels).save(name)


def encode(*arguments):
    return main(["encode", *arguments, "--codec", "raw", "--quality", "100"])


def files_in(folder):
    return sorted(
        str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*") if p.is_file()
    )


def test_a_tree_is_mirrored_and_nothing_stops_it(holiday, capsys):
    assert encode("holiday", "--recursive", "-o", "out") == 1
    assert files_in("out") == ["a.ovt", "day 1/a.ovt", "day 1/beach/Ünï [1].ovt"]
    lines = capsys.readouterr().err.splitlines()
    assert "holiday/day 1/a.gif -> out/day 1/a.ovt: " in lines[1]
    assert lines[3:5] == ["skipped: 1 hidden, 1 not a picture (.txt)", "3 of 6 files failed:"]
    assert lines[5] == (
        "error: holiday/day 1/a.png: out/day 1/a.ovt is the result of holiday/day 1/a.gif; "
        "give this one another -o"
    )
    assert [line.split(": ")[1] for line in lines[6:]] == list(BROKEN)
    assert main(["decode", "out", "-r", "-o", "back", "-q"]) == 0
    assert files_in("back") == ["a.png", "day 1/a.png", "day 1/beach/Ünï [1].png"]
    assert capsys.readouterr().err == ""


def test_without_recursive_the_folders_are_counted(holiday, capsys):
    assert encode("holiday", "-o", "out") == 1
    assert files_in("out") == ["a.ovt"]
    counted = (
        "skipped: 1 hidden, 1 not a picture (.txt), 2 sub-folders not entered without --recursive"
    )
    assert counted in capsys.readouterr().err.splitlines()


def test_results_that_exist_are_kept_and_counted(holiday, capsys):
    encode("holiday/a.png", "holiday/day 1/a.png", "-o", "out")
    assert files_in("out") == ["a.ovt"]
    pathlib.Path("out/a.ovt").write_bytes(b"precious")
    capsys.readouterr()
    assert encode("one/a.png", "holiday/day 1/beach", "-o", "out", "--skip-existing") == 0
    assert pathlib.Path("out/a.ovt").read_bytes() == b"precious"
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("holiday/day 1/beach/Ünï [1].JPG -> out/Ünï [1].ovt")
    assert lines[1:] == ["skipped: 1 already there"]
    assert encode("one/a.png", "holiday/day 1/beach", "-o", "out") == 1
    assert "--force to replace it or --skip-existing to keep it" in capsys.readouterr().err
    assert encode("one", "-o", "out", "--skip-existing", "--force") == 2
    assert "give one of them" in capsys.readouterr().err


def test_a_folder_of_one_picture_becomes_a_folder(holiday, capsys):
    assert encode("one", "-o", "out") == 0
    assert files_in("out") == ["a.ovt"]
    assert encode("one", "-o", "one.ovt") == 2
    assert "one.ovt is the name of a file; give -o one" in capsys.readouterr().err


def test_results_in_the_folder_itself_are_no_sources(holiday):
    for _ in range(2):
        arguments = ["edit", "one", "-r", "-o", "one/edited", "--gain", "low=1", "--force"]
        assert main(arguments) == 0
        assert files_in("one") == ["a.png", "edited/a.png"]


def test_what_is_no_file_is_left_out(holiday, capsys):
    os.mkfifo("one/pipe.png")
    os.symlink("nowhere", "one/link.png")
    assert encode("one", "-o", "out") == 0
    assert "skipped: 2 a device or a link to nothing" in capsys.readouterr().err


def test_quiet_prints_errors_only(holiday, capsys):
    assert encode("one", "-o", "out", "-q") == 0
    assert encode("holiday", "-o", "out2", "--quiet") == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "2 of 3 files failed:"
    assert [line.split(": ")[1] for line in lines[1:]] == list(BROKEN)


def test_the_ending_of_another_format_is_refused(holiday, capsys):
    assert encode("one/a.png", "-o", "x.png") == 2
    assert capsys.readouterr().err == "error: x.png would hold a .ovt file; name it x.ovt\n"
    assert main(["encode", "one/a.png", "-o", "x.jpeg", "--codec", "jpeg"]) == 0
    assert main(["encode", "one/a.png", "-o", "x", "--codec", "jpeg"]) == 0
    assert main(["encode", "one/a.png", "-o", "y.webp", "--codec", "jpeg"]) == 2
    assert "name it y.jpg" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["edit", "--gain", "low=1", "-o", "out"],
        ["spectrum", "--json"],
        ["compare", "--codecs", "jpeg", "--qualities", "50,80", "--pictures", "0", "-o", "out"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_every_verb_goes_on_past_a_bad_file_and_names_it(holiday, capsys, arguments):
    assert main([arguments[0], "holiday", *arguments[1:]]) == 1
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert lines[-3] == "2 of 3 files failed:"
    assert [line.split(": ")[1] for line in lines[-2:]] == list(BROKEN)
    assert "holiday/a.png" in out + err or "| jpeg | 1 |" in out


def test_info_goes_on_past_a_bad_file(holiday, capsys):
    encode("one", "-o", "out")
    pathlib.Path("out/bad.ovt").write_bytes(b"OVTN")
    assert main(["info", "out"]) == 1
    out, err = capsys.readouterr()
    assert "out/a.ovt" in out
    assert "error: out/bad.ovt: " in err


def test_compare_needs_one_picture_and_names_the_rest(holiday, capsys):
    assert main(["compare", *BROKEN, "--codecs", "jpeg", "-o", "out"]) == 1
    assert [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()[1:3]] == list(
        BROKEN
    )
    save("clear.png", scene(24, 40, 4))
    assert main(["compare", "clear.png", "--codecs", "webp,jpeg", "-o", "out"]) == 1
    assert "clear.png: jpeg files hold no alpha channel" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["compare", "one"], ["spectrum", "holiday", "-o", "s.svg"]])
def test_matplotlib_is_asked_for_before_any_work(holiday, capsys, monkeypatch, arguments):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: drawing needs matplotlib")
    assert error.count("\n") == 1
    assert not pathlib.Path("comparison").exists()


def test_compare_shows_a_rate_that_was_met(holiday, capsys):
    save("large.png", scene(123, 180))
    assert main(["compare", "large.png", "--codecs", "jpeg2000", "--rates", "2"]) == 0
    out, err = capsys.readouterr()
    assert "1 of 1 rows to measure, into folder comparison" in err
    assert "| dB at 2 bpp |" in out.splitlines()[0]
    assert float(out.splitlines()[2].split(" | ")[4]) > 20


def test_a_model_says_what_it_resized_and_has_no_goals(holiday, capsys):
    pytest.importorskip("torch")
    command = ["encode", "one", "--model", "fashion-mnist-dct", "-o", "out"]
    assert main(command) == 0
    assert "bpp, resized and cropped from 40x24 to 28x28 px" in capsys.readouterr().err
    assert main([*command, "--bpp", "1"]) == 2
    assert "leave out --bpp" in capsys.readouterr().err
    assert main([*command[:-3], "nowhere", "-o", "out2"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_verbs_with_a_model_go_on_past_a_bad_file(holiday, capsys):
    pytest.importorskip("torch")
    command = ["reconstruct", "fashion-mnist", "holiday", "-r", "-o", "out"]
    assert main(command) == 1
    assert files_in("out") == ["a.png", "day 1/a-2.png", "day 1/a.png", "day 1/beach/Ünï [1].png"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("fashion-mnist -> out: 4 of 28x28 pixels")
    assert [line.split(": ")[1] for line in lines[-2:]] == list(BROKEN)


def test_the_rest_of_a_batch_is_estimated_on_a_terminal(holiday, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    assert encode("holiday/a.png", "one/a.png", "holiday/day 1/beach", "-o", "out") == 1
    assert "2/2 Ünï [1].JPG, all done in 0:00:00" in capsys.readouterr().err


def test_an_interrupt_in_the_middle_leaves_whole_files(tmp_path):
    (tmp_path / "in").mkdir()
    save(tmp_path / "in/00.png", scene(150, 200))
    for number in range(1, 40):
        shutil.copy(tmp_path / "in/00.png", tmp_path / f"in/{number:02}.png")
    command = [sys.executable, "-m", "overtone.cli.main", "encode", "in", "-o", "out"]
    command += ["--effort", "fast"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (tmp_path / "out/00.ovt").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    error = process.communicate()[1]
    assert process.returncode == 130, error
    assert error.splitlines()[-1] == "error: interrupted"
    done = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert 1 <= len(done) < 40
    for name in done:
        assert main(["info", str(tmp_path / "out" / name)]) == 0
