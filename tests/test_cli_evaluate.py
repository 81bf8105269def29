"""`overtone evaluate`, from a run or from pictures to a table, JSON lines and a file of rows."""

import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from overtone.cli.main import main
from overtone.data import load_images
from overtone.evaluate.distribution.rows import read_distribution_rows
from overtone.models.base import ImageSpec
from overtone.models.pca.config import PcaConfig
from overtone.models.pca.model import Pca
from overtone.models.store import save_model


def strokes(count, seed, *, width=28):
    """Gray pictures of a bright bar at a random place."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((count, 28, width, 1), np.uint8)
    for picture, (y, x, long) in zip(pixels, rng.integers(2, 12, (count, 3)), strict=True):
        picture[y : y + 4 + long, x : x + 3] = 250
    return pixels


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    np.savez(
        folder / "bars.npz",
        x_train=strokes(90, 1), y_train=np.arange(90) % 3,
        x_test=strokes(70, 2), y_test=np.arange(70) % 3,
    )  # fmt: skip
    np.savez(folder / "wide.npz", x=strokes(60, 3, width=30))
    np.savez(folder / "whole.npz", x=strokes(121, 5))
    np.savez(folder / "copies.npz", x=strokes(90, 1)[::-1])
    np.savez(folder / "samples.npz", x=strokes(80, 4))
    data = load_images(str(folder / "bars.npz"))
    model = Pca(PcaConfig(num_components=5), ImageSpec.of(data), generator=torch.Generator())
    model.finish(data, generator=torch.Generator().manual_seed(0))
    (folder / "run").mkdir()
    (folder / "unfinished").mkdir()
    (folder / "unfinished" / "run.json").write_text("{}")
    summary = {"preset": "none", "core_minutes": 1.5, "steps": 3}
    save_model(folder / "run" / "model.safetensors", model, summary)
    return folder


def run(place, capsys, *arguments):
    code = main(["evaluate", *arguments, "--reference", str(place / "bars.npz")])
    return code, *capsys.readouterr()


def test_a_run_is_sampled_measured_and_reconstructed(place, capsys):
    rows_file = place / "results" / "bars.jsonl"
    code, out, err = run(
        place, capsys, str(place / "run"), "-n", "60", "--prior", "normal", "-o", str(rows_file)
    )
    assert code == 0, err
    assert "run against bars/test" in out
    assert "warning: 60 samples are compared with 70 real images" in err
    rows = read_distribution_rows(rows_file)
    assert [row.compared for row in rows] == ["samples", "halves", "other-split", "jpeg-75"]
    first = rows[0]
    assert (first.num_samples, first.num_reference, first.num_reconstructed) == (60, 70, 70)
    assert (first.source.model, first.source.prior) == ("pca", "normal")
    assert (first.source.core_minutes, first.source.steps) == (1.5, 3)
    assert 10 < (first.reconstruction_psnr_db or 0) < 40
    assert rows[1].reconstruction_psnr_db is None


def test_pictures_are_measured_and_rows_printed(place, capsys):
    code, out, err = run(place, capsys, str(place / "samples.npz"), "-n", "70", "--json")
    assert code == 0, err
    first, *floors = [json.loads(line) for line in out.splitlines()]
    assert (first["source"]["name"], first["num_samples"]) == ("samples.npz", 70)
    assert first["source"]["model"] is None
    assert len(floors) == 3


def test_one_class_is_measured_alone(place, capsys):
    rows_file = place / "results" / "class.jsonl"
    arguments = (str(place / "run"), "--split", "all", "--class", "2", "-o", str(rows_file))
    code, out, err = run(place, capsys, *arguments)
    assert code == 0, err
    assert "run against bars/all, class 2" in out
    rows = read_distribution_rows(rows_file)
    assert [row.compared for row in rows] == ["samples", "halves", "jpeg-75"]
    first = rows[0]
    assert (first.num_samples, first.num_reference, first.source.class_name) == (53, 53, "2")
    assert first.source.prior == "gaussian"


def test_data_without_splits_is_halved_and_that_is_said(place, capsys):
    code = main(["evaluate", str(place / "run"), "--reference", str(place / "whole.npz"), "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert "note: whole is not split into train and test" in err
    assert "a random half of it (61 of 121, seed 0)" in err
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows[0]["nearer_to_training"] is None
    assert rows[0]["reference"] == "whole, half 2, seed 0"
    assert (rows[0]["num_samples"], rows[0]["num_reference"]) == (61, 61)


def test_copies_are_seen_on_a_sheet_and_in_a_number(place, capsys):
    sheet = place / "sheet.png"
    copies = str(place / "copies.npz")
    code, out, err = run(place, capsys, copies, "--neighbours", str(sheet))
    assert code == 0, err
    assert "median): a sample 0.0, a real test picture" in out
    # Not 100 %: some of the test pictures are training pictures too.
    assert re.search(r"in 9\d % of pairs the sample is the nearer one", out)
    pixels = np.asarray(Image.open(sheet).convert("L"))
    assert pixels.shape == (302, 772)
    assert (pixels[2:30, 2:30] == pixels[2:30, 32:60]).all()
    code, _, err = run(place, capsys, copies, "--neighbours", str(sheet))
    assert (code, "sheet.png" in err, "--force" in err) == (1, True, True)


def test_without_a_test_split_training_pictures_are_compared_with_each_other(place, capsys):
    sheet = str(place / "halves.png")
    code = main(
        [
            *("evaluate", str(place / "samples.npz"), "--reference", str(place / "whole.npz")),
            *("--neighbours", sheet),
        ]
    )
    out, err = capsys.readouterr()
    assert code == 0, err
    assert re.search(r"a sample [\d.]+, a training picture [\d.]+ from the nearest other\n", out)


def test_a_class_of_few_pictures_has_neighbours_and_no_distances(place, capsys):
    sheet = place / "few.png"
    arguments = (str(place / "run"), "--class", "1", "--neighbours", str(sheet))
    code, out, err = run(place, capsys, *arguments)
    assert code == 0, err
    assert "pictures, and distances between sets of pictures need at least 50; what" in err
    assert out.startswith("distance to the nearest training picture")
    assert sheet.exists()
    code, out, err = run(place, capsys, *arguments, "--force", "--json")
    assert (code, out) == (1, "")
    assert "at least 50 images are needed" in err


@pytest.mark.parametrize(("count", "sheets"), [(3, True), (3, False), (30, False)])
def test_too_few_real_pictures_are_a_fault_of_the_data(place, tmp_path, capsys, count, sheets):
    np.savez(tmp_path / "few.npz", x=strokes(100 + count, 6), y=np.arange(100 + count) // 100)
    arguments = ["--reference", str(tmp_path / "few.npz"), "--class", "1"]
    arguments += ["--neighbours", str(tmp_path / "sheet.png")] if sheets else []
    assert main(["evaluate", str(place / "whole.npz"), *arguments]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert ("so 4 or more are needed, found 3" if sheets else "at least 50 images") in error
    assert not (tmp_path / "sheet.png").exists()


def test_other_real_pictures_are_as_near_as_test_pictures(place, capsys):
    sheet = str(place / "real.png")
    code, out, err = run(
        place, capsys, str(place / "samples.npz"), "--neighbours", sheet, "--json", "--force"
    )
    assert code == 0, err
    first = json.loads(out.splitlines()[0])
    assert 0.3 < first["nearer_to_training"] < 0.7
    assert first["nearest_sample"] > 1


def test_the_same_seed_gives_the_same_numbers(place, capsys):
    def values(seed):
        arguments = (str(place / "run"), "-n", "60", "--json", "--seed", str(seed))
        _, out, _ = run(place, capsys, *arguments, "--cache", str(place / "cache"))
        return json.loads(out.splitlines()[0])["values"]

    assert values(1) == values(1)
    assert values(1) != values(2)


def test_a_class_of_data_without_classes_is_refused(place, capsys):
    whole = str(place / "whole.npz")
    code = main(["evaluate", str(place / "run"), "--reference", whole, "--class", "1"])
    out, err = capsys.readouterr()
    assert (code, out) == (1, "")
    assert "has no classes; leave out the class" in err


@pytest.mark.parametrize(
    ("code", "arguments", "message"),
    [
        (2, ["wide.npz"], "the samples are 30x28 with 1 channels, bars/test is 28x28 with 1"),
        (2, ["run", "--features", "gray82"], "did you mean gray28"),
        (1, ["run", "--features", "gray28", "--size", "32x32"], "gray28 takes 28x28 gray"),
        (2, ["run", "--prior", "gausian"], "did you mean gaussian"),
        (2, ["run", "--class", "9", "--split", "all"], "unknown class 9; known are 0, 1, 2"),
        (2, ["run", "--neighbours", "sheet.jpg"], "--neighbours writes a PNG file"),
        (2, ["run", "-n", "10"], "at least 50 images are needed, got 10"),
        (1, ["nowhere"], "nowhere"),
        (1, ["unfinished"], "it is no finished run"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_line(place, capsys, code, arguments, message):
    name, *options = arguments
    source = str(place / name) if name != "nowhere" else name
    found, out, err = run(place, capsys, source, *options)
    assert (found, out) == (code, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
