"""`overtone evaluate`, from a run or from pictures to a table, JSON lines and a file of rows."""

import json

import numpy as np
import pytest
import torch

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


def test_the_same_seed_gives_the_same_numbers(place, capsys):
    def values(seed):
        arguments = (str(place / "run"), "-n", "60", "--json", "--seed", str(seed))
        _, out, _ = run(place, capsys, *arguments, "--cache", str(place / "cache"))
        return json.loads(out.splitlines()[0])["values"]

    assert values(1) == values(1)
    assert values(1) != values(2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wide.npz"], "the samples are 30x28 with 1 channels, bars/test is 28x28 with 1"),
        (["run", "--features", "gray82"], "did you mean gray28"),
        (["run", "--features", "gray28", "--size", "32x32"], "gray28 takes 28x28 gray"),
        (["run", "--prior", "gausian"], "did you mean gaussian"),
        (["run", "-n", "10"], "at least 50 images are needed, got 10"),
        (["nowhere"], "nowhere"),
        (["unfinished"], "it is no finished run"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_line(place, capsys, arguments, message):
    name, *options = arguments
    source = str(place / name) if name != "nowhere" else name
    code, out, err = run(place, capsys, source, *options)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
