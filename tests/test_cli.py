"""The commands: files, folders, streams, exit codes, and what they leave behind."""

from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest
from helpers import RawCodec, scene
from PIL import Image

from overtone.bitstream.container import Container, Metadata
from overtone.cli.main import main
from overtone.imaging.image import Picture, picture_to_bytes, read_picture


@pytest.fixture
def folder(tmp_path, monkeypatch, raw_codec):
    """A working folder with two pictures and a note in `pictures`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    for name, shape in (("a.png", (24, 40)), ("b.png", (41, 23))):
        write_png(tmp_path / "pictures" / name, scene(*shape))
    (tmp_path / "pictures" / "note.txt").write_text("no picture")
    return tmp_path


def write_png(path, pixels, metadata=None):
    path.write_bytes(picture_to_bytes(Picture(pixels, metadata or Metadata()), ".png"))


def encode(*arguments):
    best = [] if "--quality" in arguments else ["--quality", "100"]
    codec = [] if "--codec" in arguments else ["--codec", "raw"]
    return main(["encode", *codec, *best, *arguments])


def names(path):
    return sorted(p.name for p in path.iterdir())


def test_a_picture_comes_back(folder):
    assert encode("pictures/a.png", "-o", "a.ovt") == 0
    assert main(["decode", "a.ovt", "-o", "back.png"]) == 0
    np.testing.assert_array_equal(read_picture("back.png").pixels, scene(24, 40))
    assert names(folder) == ["a.ovt", "back.png", "pictures"]


def test_results_go_beside_their_sources(folder):
    assert encode("pictures/a.png") == 0
    assert names(folder / "pictures") == ["a.ovt", "a.png", "b.png", "note.txt"]


def test_metadata_is_kept_through_both_commands(folder):
    metadata = Metadata(icc=b"profile", exif=b"MM\0*", dpi=(299.999, 72.009))
    write_png(folder / "m.png", scene(8, 8), metadata)
    assert encode("m.png", "-o", "m.ovt") == 0
    assert Container.from_bytes((folder / "m.ovt").read_bytes()).metadata == metadata
    assert main(["decode", "m.ovt", "-o", "back.png"]) == 0
    assert read_picture("back.png").metadata == metadata


@pytest.mark.parametrize(
    "inputs", [["pictures"], ["pictures/*.png"], ["pictures/a.png", "pictures/b.png"]]
)
def test_folders_and_globs_make_one_file_each(folder, inputs, capsys):
    assert encode(*inputs, "-o", "out") == 0
    assert names(folder / "out") == ["a.ovt", "b.ovt"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[2:] == (["skipped: 1 not a picture (.txt)"] if inputs == ["pictures"] else [])
    assert lines[0].startswith("pictures/a.png -> out/a.ovt: ")
    assert "bpp, inf dB" in lines[0]
    assert main(["decode", "out", "-o", "back"]) == 0
    assert names(folder / "back") == ["a.png", "b.png"]


def test_failures_are_listed_at_the_end_and_harm_nobody(folder, capsys):
    (folder / "pictures" / "0.png").write_bytes(b"broken")
    assert encode("pictures", "-o", "out") == 1
    assert names(folder / "out") == ["a.ovt", "b.ovt"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == [
        "1 of 3 files failed:",
        "error: pictures/0.png: this is no picture in a format that is read here",
    ]


@pytest.mark.parametrize("command", ["encode", "spectrum"])
def test_a_missing_folder_is_named_before_any_work(folder, capsys, command):
    assert main([command, "pictures/a.png", "-o", "none/a.ovt"]) == 1
    error = capsys.readouterr().err
    assert error == "error: there is no folder none for none/a.ovt; make it first\n"


def test_nothing_is_replaced_without_force(folder, capsys):
    (folder / "a.ovt").write_bytes(b"precious")
    assert encode("pictures/a.png", "-o", "a.ovt") == 1
    assert capsys.readouterr().err == "error: a.ovt exists; give --force to replace it\n"
    assert (folder / "a.ovt").read_bytes() == b"precious"
    assert encode("pictures/a.png", "-o", "a.ovt", "--force") == 0
    assert (folder / "a.ovt").read_bytes().startswith(b"OVTN")


def test_a_batch_goes_on_past_a_file_that_exists(folder, capsys):
    (folder / "pictures" / "a.ovt").write_bytes(b"precious")
    assert encode("pictures") == 1
    assert (folder / "pictures" / "a.ovt").read_bytes() == b"precious"
    assert (folder / "pictures" / "b.ovt").exists()
    assert "a.ovt exists; give --force" in capsys.readouterr().err


def test_of_two_sources_of_one_result_the_second_fails(folder, capsys):
    (folder / "pictures" / "a.jpg").write_bytes((folder / "pictures" / "a.png").read_bytes())
    assert encode("pictures") == 1
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "1 of 3 files failed:",
        "error: pictures/a.png: pictures/a.ovt is the result of pictures/a.jpg; "
        "give this one another -o",
    ]
    assert {"a.ovt", "b.ovt"} <= set(names(folder / "pictures"))


def test_a_source_is_never_replaced(folder, capsys):
    before = (folder / "pictures" / "a.png").read_bytes()
    arguments = ["edit", "pictures/a.png", "-o", "pictures/a.png", "--gain", "low=0", "--force"]
    assert main(arguments) == 2
    assert "would replace its own source" in capsys.readouterr().err
    assert (folder / "pictures" / "a.png").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.png"], "there is no file missing.png"),
        (["*.gif"], "no file matches *.gif"),
        (["empty"], "folder empty holds no picture (--recursive searches sub-folders)"),
        (["pictures/a.png", "-"], "standard input (-) can only be the one input"),
        (["pictures", "-o", "-"], "standard output (-) takes one result"),
        (["pictures", "-o", "pictures/a.png"], "pictures/a.png is a file"),
        (["pictures", "-o", "no/such"], "there is no folder no for no/such"),
        (["pictures/a.png", "-o", "no/such.ovt"], "there is no folder no for no/such.ovt"),
        (["pictures/a.png", "--codec", "rwa"], "unknown codec rwa; did you mean raw?"),
        (["pictures/a.png", "--quality", "0"], "quality must be in 1..100, got 0"),
        (["pictures/a.png", "--bpp", "1"], "give only one of"),
    ],
)
def test_a_users_mistake_is_one_line(folder, capsys, arguments, message):
    (folder / "empty").mkdir()
    # 2 for a wrong command, 1 for a file or folder that is missing.
    is_path = bool(re.match("there is no|no file|folder empty|No such", message))
    assert encode(*arguments) == (1 if is_path else 2)
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["encode"], "encode needs IN...; see overtone encode -h"),
        (["encode", "a.png", "--qualty", "3"], "unknown option --qualty; did you mean --quality?"),
        (["encode", "a.png", "--effort", "slow"], 'Choose from: "fast", "default", "best"'),
        (["encode", "a.png", "-o", "--force"], "--force is an option"),
        (["decode", "a.ovt", "--size", "3"], "expected WxH in whole pixels, got 3"),
        (["decode", "a.ovt", "--crop", "1,2,3"], "expected X,Y,W,H in whole pixels, got 1,2,3"),
        (["decode", "a.ovt", "--scale", "big"], "--scale"),
        (["enkode"], "unknown verb enkode; did you mean encode?"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(capsys, arguments, message):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error


class Stopped(RawCodec):
    """Interrupted as if by Ctrl-C when the progress is first reported."""

    def encode(self, image, options):
        raise KeyboardInterrupt


def test_an_interrupt_leaves_nothing(folder, monkeypatch, capsys):
    from overtone.codecs import registry

    monkeypatch.setattr(registry, "get_codec", lambda name: Stopped())
    before = names(folder)
    assert encode("pictures", "-o", ".") == 130
    assert names(folder) == before
    assert capsys.readouterr().err == "error: interrupted\n"


def test_a_failing_write_leaves_nothing(folder, monkeypatch, capsys):
    import pathlib

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "replace", full)
    assert encode("pictures/a.png", "-o", "a.ovt") == 1
    assert names(folder) == ["pictures"]
    assert capsys.readouterr().err.splitlines()[-1].endswith("No space left on device: a.ovt")


class BinaryStream:
    """Stands for `sys.stdin` or `sys.stdout`."""

    def __init__(self, data=b"", *, is_terminal=False):
        self.buffer = io.BytesIO(data)
        self.isatty = lambda: is_terminal
        self.flush = lambda: None


def test_standard_streams_work(folder, monkeypatch):
    picture = (folder / "pictures" / "a.png").read_bytes()
    monkeypatch.setattr(sys, "stdin", BinaryStream(picture))
    monkeypatch.setattr(sys, "stdout", BinaryStream())
    assert encode("-") == 0
    data = sys.stdout.buffer.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setattr(sys, "stdin", BinaryStream(data))
    monkeypatch.setattr(sys, "stdout", BinaryStream())
    assert main(["decode", "-", "-o", "-"]) == 0
    png = sys.stdout.buffer.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), scene(24, 40))


def test_a_terminal_is_spared_binary(folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", BinaryStream(is_terminal=True))
    assert encode("pictures/a.png", "-o", "-") == 2
    assert "will not write a picture to a terminal" in capsys.readouterr().err


def test_progress_shows_on_a_terminal_only(folder, monkeypatch, capsys):
    assert encode("pictures/a.png", "-o", "quiet.ovt") == 0
    assert "half way" not in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    assert encode("pictures/a.png", "-o", "shown.ovt") == 0
    assert "half way" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (["--scale", "2"], (80, 48)),
        (["--size", "7x9"], (7, 9)),
        (["--crop", "1,2,30,4"], (30, 4)),
        (["--crop", "1,2,30,4", "--scale", "0.5"], (15, 2)),
    ],
)
def test_decode_at_other_sizes(folder, options, size):
    encode("pictures/a.png", "-o", "a.ovt")
    assert main(["decode", "a.ovt", *options]) == 0
    assert read_picture("a.png").pixels.shape == (size[1], size[0], 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.ovt", "--crop", "30,0,30,4"], "not inside the picture of 40x24"),
        (["a.ovt", "--scale", "1000000"], "over the limit of 268435456"),
        (["a.ovt", "--max-pixels", "100"], "40x24 pixels, over the limit of 100"),
        (["a.ovt", "-o", "a"], "must end in a picture format, such as .png"),
        (["a.ovt", "-o", "a.xyz"], "use .png"),
        (["pictures/a.png"], "would replace its own source"),
        (["pictures/a.png", "-o", "b.png"], "it is another kind of file"),
    ],
)
def test_decode_mistakes_are_one_line(folder, capsys, arguments, message):
    encode("pictures/a.png", "-o", "a.ovt")
    capsys.readouterr()
    is_file = "another kind" in message or "limit of 100" in message
    assert main(["decode", *arguments]) == (1 if is_file else 2)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
