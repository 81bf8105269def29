"""The commands edit and spectrum: what they write, say and refuse."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from helpers import scene
from PIL import Image
from test_notch import natural

from overtone import edit, spectrum
from overtone.cli.main import main
from overtone.editing.set_match import SetMatch, set_spectrum
from overtone.imaging.high_depth import read_deep_picture


def run(command):
    return main(command.split())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(scene(24, 40, 4)).save("a.png", dpi=(300, 300))
    Image.fromarray(scene(41, 23)).save("b.png")
    y = np.arange(120)[:, None]
    lined = natural(channels=3) + 20 * np.sin(2 * np.pi * y / 4.6)
    Image.fromarray(np.clip(lined, 0, 255).astype(np.uint8).transpose(1, 2, 0)).save("lined.png")
    return tmp_path


def pixels_of(name):
    return read_deep_picture(str(name)).pixels


def test_a_picture_is_edited_and_what_was_done_is_said(folder, capsys):
    command = "edit a.png -o out.png --gain low=0.5,8-=1.5 --edge 0.25 --luma --on dft"
    assert run(command) == 0
    expected = edit(
        pixels_of("a.png"),
        gain={"low": 0.5, "8-": 1.5},
        edge_octaves=0.25,
        luma_only=True,
        domain="dft",
    )
    np.testing.assert_array_equal(pixels_of("out.png"), expected)
    with Image.open("out.png") as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert capsys.readouterr().err == (
        "a.png -> out.png: 40x24 pixels, on dft, luma only, gain low=0.5,8-=1.5\n"
    )


def test_all_edits_come_together(folder):
    command = "edit a.png -o out.png --match b.png --mix lined.png --cutoff 5 --keep-bands 0-4,6-"
    assert run(command) == 0
    expected = edit(
        pixels_of("a.png"),
        match=pixels_of("b.png"),
        mix=pixels_of("lined.png"),
        cutoff=5.0,
        keep_bands=["0-4", "6-"],
    )
    np.testing.assert_array_equal(pixels_of("out.png"), expected)


def test_patterns_are_taken_out_and_named(folder, capsys):
    assert run("edit lined.png -o out.png --notch") == 0
    error = capsys.readouterr().err
    assert "took out 1 pattern at " in error
    assert ",40.0 (period 4.60 px, amplitude 1" in error
    assert run("edit lined.png -o by-hand.png --notch-at 0,40 --notch-at -3,5.5") == 0
    assert "took out 2 patterns at 0.0,40.0 (period 4.60 px" in capsys.readouterr().err
    assert run("edit out.png -o again.png --notch --notch-threshold 22") == 0
    assert "no periodic pattern found" in capsys.readouterr().err
    np.testing.assert_array_equal(pixels_of("again.png"), pixels_of("out.png"))


def test_a_folder_becomes_a_folder(folder, capsys):
    (folder / "in").mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).rename(folder / "in" / name)
    assert run("edit in -o out --gain high=0") == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["a.png", "b.png"]
    assert run("edit in -o out --gain high=0") == 1
    assert "out/a.png exists; give --force" in capsys.readouterr().err
    assert run("edit in -o out --gain high=0 --force") == 0


def test_one_bad_picture_does_not_stop_the_others(folder, capsys):
    (folder / "bad.png").write_bytes(b"nothing")
    assert run("edit a.png bad.png -o out --gain 0-=1") == 1
    assert (folder / "out/a.png").exists()
    assert not (folder / "out/bad.png").exists()
    assert "error: bad.png: this is no picture" in capsys.readouterr().err


def test_16_bits_go_in_and_out(folder, capsys):
    assert run("edit a.png -o deep.png --bits 16") == 0
    deep = pixels_of("deep.png")
    np.testing.assert_array_equal(deep, pixels_of("a.png").astype(np.uint16) * 257)
    assert run("edit deep.png -o again.png --gain low=1,mid=1,high=1") == 0
    np.testing.assert_array_equal(pixels_of("again.png"), deep)
    assert run("edit deep.png -o flat.jpg --gain high=0") == 1
    assert "16 bits a sample are written to .png only" in capsys.readouterr().err
    assert run("edit b.png -o flat.jpg --gain high=0") == 0


def test_streams_are_read_and_written(folder, monkeypatch, capsysbinary):
    class Stream:
        buffer = io.BytesIO((folder / "b.png").read_bytes())

    monkeypatch.setattr("sys.stdin", Stream)
    assert run("edit - -o - --gain 0-=1") == 0
    with Image.open(io.BytesIO(capsysbinary.readouterr().out)) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels_of("b.png"))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("edit a.png -o x.png", "nothing to do; give --gain"),
        ("edit a.png -o x.png --gain low", "BAND=FACTOR, such as high=0.5; got 'low'"),
        ("edit a.png -o x.png --gain low=much", "gain of band low must be a number, got 'much'"),
        ("edit a.png -o x.png --gain low=1,low=2", "band low has two gains"),
        ("edit a.png -o x.png --gain hihg=2", "a.png: unknown band hihg; did you mean high?"),
        ("edit a.png -o x.png --gain high=inf", "number from 0 up, got inf"),
        ("edit a.png -o x.png --keep-bands 9-9", "band 9-9 is empty"),
        ("edit a.png -o x.png --notch-at 5", "X,Y in cycles per image, got '5'"),
        ("edit a.png -o x.png --notch-at 5,99", "within -20..20 cycles per image"),
        ("edit a.png -o x.png --gain low=2 --notch-threshold 9", "is for --notch"),
        ("edit a.png -o x.png --gain low=2 --cutoff 9", "--cutoff is for --mix"),
        ("edit a.png -o x.png --mix missing.png", "there is no file missing.png"),
        ("edit a.png -o x.png --match missing", "there is no file missing"),
        ("edit a.png -o x.png --match bad.bmp", "error: bad.bmp: this is no picture"),
        ("edit missing.png -o x.png --notch", "there is no file missing.png"),
        ("edit a.png -o x.nothing --notch", "no picture format is known"),
        ("edit a.png -o b.png --notch", "b.png exists; give --force"),
        ("spectrum a.png b.png", "several pictures are drawn together"),
        ("spectrum a.png -o x.ovt", "drawn as .png, .svg or .pdf"),
        ("spectrum a.png -o b.png", "b.png exists; give --force"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(folder, capsys, command, message):
    (folder / "bad.bmp").write_bytes(b"nothing")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert run(command) in (1, 2)
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_interrupt_leaves_no_file(folder, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("overtone.editing.edit.split", stop)
    assert run("edit a.png b.png -o out --notch") == 130
    assert capsys.readouterr().err == "error: interrupted\n"
    assert not (folder / "out").exists()


def test_a_spectrum_is_drawn_beside_its_picture(folder, capsys):
    assert main(["spectrum", "a.png"]) == 0
    with Image.open("a.spectrum.png") as image:
        assert image.format == "PNG"
    assert "a.png -> a.spectrum.png" in capsys.readouterr().err
    assert main(["spectrum", "a.png"]) == 1
    assert main(["spectrum", "a.png", "b.png", "-o", "both.svg", "--force"]) == 0
    text = (folder / "both.svg").read_text("utf-8")
    assert "<svg" in text


def test_a_spectrum_is_printed_as_numbers(folder, capsys):
    before = sorted(path.name for path in folder.iterdir())
    assert main(["spectrum", "a.png", "lined.png", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"file": "a.png", **spectrum(pixels_of("a.png")).to_json()}
    assert second["file"] == "lined.png"
    assert second["patterns"][0]["cycles_y"] == pytest.approx(40, abs=0.2)
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.fixture
def folders(folder):
    for name, levels in {"reference/deep/er": 0.5, "inputs": 1.0}.items():
        (folder / name).mkdir(parents=True)
        for seed in range(12):
            pixels = levels * scene(24, 40, seed=seed) + 30 * (seed % 3)
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(f"{name}/{seed}.png")
    return folder


def test_a_folder_is_matched_to_a_folder_as_a_set_or_one_by_one(folders, capsys):
    inputs = [pixels_of(f"inputs/{seed}.png") for seed in range(12)]
    wanted = set_spectrum(pixels_of(f"reference/deep/er/{seed}.png") for seed in range(12))
    assert run("edit inputs -o together --match reference") == 0
    assert run("edit inputs -o apart --match reference --match-each") == 0
    assert "inputs/0.png -> apart/0.png: 40x24 pixels, match reference" in capsys.readouterr().err
    own = set_spectrum(inputs)
    for seed, pixels in enumerate(inputs):
        for place, match in {"together": SetMatch(wanted, own), "apart": SetMatch(wanted)}.items():
            expected = edit(pixels, match=match)
            np.testing.assert_array_equal(pixels_of(f"{place}/{seed}.png"), expected)


def test_one_input_is_matched_to_a_folder_by_itself(folders):
    assert run("edit inputs/3.png -o one.png --match reference -q") == 0
    wanted = set_spectrum(pixels_of(f"reference/deep/er/{seed}.png") for seed in range(12))
    expected = edit(pixels_of("inputs/3.png"), match=SetMatch(wanted))
    np.testing.assert_array_equal(pixels_of("one.png"), expected)


def test_inputs_that_are_refused_are_not_measured(folders, capsys):
    """CMYK without --convert, and a picture over the limit of pixels."""
    cmyk = np.full((24, 40, 4), [0, 250, 250, 0], np.uint8)
    Image.fromarray(cmyk, "CMYK").save("inputs/cmyk.tif")
    Image.fromarray(np.full((25, 40, 3), 250, np.uint8)).save("inputs/large.png")
    assert run("edit inputs -o out --match reference --max-pixels 960") == 1
    error = capsys.readouterr().err
    assert "inputs/cmyk.tif: " in error
    assert "inputs/large.png: " in error
    kept = [pixels_of(f"inputs/{seed}.png") for seed in range(12)]
    wanted = set_spectrum(pixels_of(f"reference/deep/er/{seed}.png") for seed in range(12))
    expected = edit(kept[0], match=SetMatch(wanted, set_spectrum(kept)))
    np.testing.assert_array_equal(pixels_of("out/0.png"), expected)
    assert run("edit inputs -o with --match reference --convert -q") == 0
    converted = [read_deep_picture(f"inputs/{name}", convert=True).pixels
                 for name in ("cmyk.tif", "large.png")]  # fmt: skip
    expected = edit(kept[0], match=SetMatch(wanted, set_spectrum(iter([*kept, *converted]))))
    np.testing.assert_array_equal(pixels_of("with/0.png"), expected)


def test_inputs_that_are_all_refused_say_why(folders, capsys):
    for name in ("c.tif", "d.tif"):
        Image.fromarray(np.full((24, 40, 4), 90, np.uint8), "CMYK").save(name)
    assert run("edit c.tif d.tif -o out --match reference") == 1
    error = capsys.readouterr().err
    assert "c.tif: " in error
    assert "d.tif: " in error
    assert error.count("give --convert") == 2


def test_a_reference_over_the_limit_of_pixels_is_refused(folders, capsys):
    Image.fromarray(np.full((25, 40, 3), 250, np.uint8)).save("reference/large.png")
    for reference in ("reference", "reference/large.png"):
        assert run(f"edit inputs -o out --match {reference} --max-pixels 960") == 1
        assert "error: reference/large.png: " in capsys.readouterr().err
        assert not (folders / "out").exists()


def test_an_input_that_is_no_picture_does_not_stop_the_others(folders, capsys):
    (folders / "inputs" / "5.png").write_bytes(b"no picture")
    assert run("edit inputs -o out --match reference") == 1
    assert "inputs/5.png: this is no picture" in capsys.readouterr().err
    assert len(list((folders / "out").iterdir())) == 11


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("edit a.png -o x.png --match none", "error: folder none holds no picture"),
        ("edit a.png -o x.png --match bad", "error: bad/x.png: this is no picture"),
        (
            "edit a.png -o x.png --match b.png --match-each",
            "--match-each is for --match with",
        ),
        (
            "edit a.png -o x.png --match-each",
            "is for --match with a folder; give that",
        ),
    ],
)
def test_references_that_cannot_be_matched(folder, capsys, command, message):
    (folder / "none").mkdir()
    (folder / "bad").mkdir()
    (folder / "bad" / "x.png").write_bytes(b"no picture")
    assert run(command) != 0
    assert message in capsys.readouterr().err
    assert not (folder / "x.png").exists()
