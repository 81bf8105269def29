"""The loop that measures files of `dfm-latent`, with faster codecs in its place."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import pytest
from experiments.latent import measure
from experiments.latent.rows import CODEC, FILES, STANDARD, read_files
from experiments.latent.variants import VARIANTS, Variant
from helpers import scene
from PIL import Image
from toy_latent_files import DIAL, curve_rows, stored

from overtone.codecs.dfm_latent.config import rd_weight
from overtone.codecs.registry import get_codec
from overtone.errors import BitstreamError, FitError
from overtone.evaluate.rate_distortion.rows import Row, read_rows

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, (height, width) in enumerate([(24, 40), (32, 16)]):
        Image.fromarray(scene(height, width)).save(folder / f"p{number}.png")
    return folder


def run(folder, root, *words):
    options = ["--codec", "sparse-dct", "--efforts", "fast", "--qualities", "25,82.5"]
    return measure.main([str(folder), "--root", str(root), *options, *words])


def test_every_file_gets_a_row_and_none_is_measured_twice(pictures, tmp_path, capsys, monkeypatch):
    assert run(pictures, tmp_path, "--limit", "1") == 0
    assert json.loads(capsys.readouterr().out) == {"measured": 2, "rows": 2, "failed": []}
    first = read_files(tmp_path, "sparse-dct")
    assert run(pictures, tmp_path) == 0
    rows = read_files(tmp_path, "sparse-dct")
    assert rows[:2] == first
    assert [(row["image"], row["quality"]) for row in rows[2:]] == [("p1", 25.0), ("p1", 82.5)]
    assert "done at" in capsys.readouterr().err
    monkeypatch.setattr(measure, "commit", lambda: "another")
    assert run(pictures, tmp_path, "--pictures", "p1") == 0
    assert len((tmp_path / FILES).read_text().splitlines()) == 4
    assert run(pictures, tmp_path, "--pictures", "p1", "--newest") == 0
    assert len((tmp_path / FILES).read_text().splitlines()) == 6
    assert len(read_files(tmp_path, "sparse-dct")) == 4


def test_a_row_is_of_the_whole_file_and_of_its_beginnings(pictures, tmp_path):
    run(pictures, tmp_path, "--pictures", "p0")
    row = read_files(tmp_path, "sparse-dct")[-1]
    assert (row["height"], row["width"], row["rd_weight"]) == (
        24,
        40,
        pytest.approx(rd_weight(82.5), rel=1e-5),
    )
    assert row["rate_bpp"] == pytest.approx(8 * row["size_bytes"] / (24 * 40), abs=1e-6)
    distortion = 10 ** (-row["psnr_db"] / 10)
    assert row["cost"] == pytest.approx(
        1000 * (distortion + row["rd_weight"] * row["rate_bpp"]), rel=1e-4
    )
    shares, psnrs = zip(*row["prefixes"], strict=True)
    assert shares == measure.SHARES
    assert psnrs[-1] == pytest.approx(row["psnr_db"], abs=1e-3)
    known = [psnr for psnr in psnrs if psnr is not None]
    assert known[0] < known[-1]


def test_what_shows_nothing_yet_is_nothing(monkeypatch):
    def no_picture(*_, **__):
        raise BitstreamError("too few bytes")

    monkeypatch.setattr(measure, "decode", no_picture)
    sample = measure.Sample("p", scene(8, 12))
    job = measure.Job(sample, "sparse-dct", STANDARD, "fast", 25.0, 0)
    assert {psnr for _, psnr in measure.prefixes(job, b"0123", 1)} == {None}
    job = dataclasses.replace(job, codec="tiled-dct")
    assert measure.prefixes(job, b"0123", 1) == []


def test_a_file_that_fails_leaves_the_others_and_is_named(pictures, tmp_path, capsys, monkeypatch):
    whole = measure.encode_once

    def encode_once(codec, image, options):
        if image.shape[0] == 24:
            raise FitError("collapsed")
        return whole(codec, image, options)

    monkeypatch.setattr(measure, "encode_once", encode_once)
    assert run(pictures, tmp_path) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["failed"] == [f"p0 fast standard quality {q}: collapsed" for q in ("25", "82.5")]
    assert {row["image"] for row in read_files(tmp_path, "sparse-dct")} == {"p1"}


def test_an_interrupt_keeps_what_is_done(pictures, tmp_path, monkeypatch, capsys):
    whole, calls = measure.encode_once, []

    def encode_once(codec, image, options):
        calls.append(image)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(codec, image, options)

    monkeypatch.setattr(measure, "encode_once", encode_once)
    assert run(pictures, tmp_path) == measure.EXIT_STOPPED
    assert "the same command goes on" in capsys.readouterr().err
    assert len(read_files(tmp_path, "sparse-dct")) == 1


def test_what_cannot_be_followed_is_refused_before_anything_is_measured(pictures, tmp_path):
    with pytest.raises(SystemExit, match="has no preset lop"):
        run(pictures, tmp_path, "--variants", "standard,lop")
    with pytest.raises(SystemExit, match="unknown variant trunkz; did you mean trunks"):
        run(pictures, tmp_path, "--variants", "trunkz")
    with pytest.raises(SystemExit, match="name a folder of pictures"):
        run(pictures, tmp_path, "--pictures", "p9")
    assert not (tmp_path / FILES).exists()


def test_pictures_are_spread_over_the_folder():
    paths = [pathlib.Path(f"p{i}.png") for i in range(12)]
    assert [path.stem for path in measure.chosen(paths, [], 3)] == ["p0", "p4", "p8"]
    assert [path.stem for path in measure.chosen(paths, ["p7", "p1"], None)] == ["p1", "p7"]
    assert measure.chosen(paths, [], 99) == paths


def test_estimates_learn_from_rows():
    sample = measure.Sample("p", scene(8, 12))
    jobs = [measure.Job(sample, CODEC, STANDARD, "best", 25.0, 0)] * 6
    assert measure.estimate(jobs, []).startswith("about 60 min left")
    rows = [{"effort": "best", "encode_s": 58.0}, {"effort": "fast", "encode_s": 9.0}]
    assert measure.estimate(jobs, rows).startswith("about 6 min left")


def test_the_table_of_the_readme_gets_the_codec_as_it_is(tmp_path):
    stored(tmp_path, [*curve_rows(), *curve_rows(variant="lop", preset="lop")])
    measure.write_readme_rows(tmp_path)
    rows = read_rows(tmp_path / measure.README_ROWS)
    assert len(rows) == 2 * len(DIAL)
    assert all(isinstance(row, Row) and row.preset is None for row in rows)
    assert {row.codec for row in rows} == {CODEC}


def test_rows_of_the_readme_are_those_measured():
    stored_rows = ROOT / measure.README_ROWS
    kept = stored_rows.read_text().splitlines() if stored_rows.exists() else []
    assert [json.loads(line) for line in kept] == measure.readme_rows(ROOT)


def test_progressive_codecs_have_what_the_loop_uses():
    assert isinstance(get_codec(CODEC), measure.ProgressiveCodec)


def test_the_codec_itself_goes_round(pictures, tmp_path, monkeypatch):
    steps = {"train.num_steps": 20, "sizes.num_features": 0}
    variant = Variant(text="as short as can be", preset="lop", settings=steps)
    monkeypatch.setitem(VARIANTS, STANDARD, variant)
    monkeypatch.setattr(measure, "warm_up", lambda _: None)  # trains as long as any
    words = [str(pictures), "--root", str(tmp_path), "--pictures", "p1", "--efforts", "fast"]
    assert measure.main([*words, "--qualities", "42"]) == 0
    (row,) = read_files(tmp_path)
    assert (row["preset"], row["settings"]) == ("lop", steps)
    assert row["described"]["context"] == "6 neighbours, 0 features"
    assert row["prefixes"][-1] == [1.0, pytest.approx(row["psnr_db"], abs=1e-3)]
    (other,) = read_rows(tmp_path / measure.README_ROWS)
    assert other.size_bytes == row["size_bytes"]
