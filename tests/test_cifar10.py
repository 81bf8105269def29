"""CIFAR-10: the page and verdicts follow from rows, and the program adds what is missing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from experiments.cifar10 import measure
from experiments.cifar10.judge import FAST, MAIN, disagreements, judge, read_measured
from experiments.cifar10.kinds import KINDS, SWEEP, Draw
from experiments.cifar10.page import PAGE, build
from PIL import Image
from toy_rows import distance, store_distances, verdicts

from overtone.config import preset_names
from overtone.evaluate.distribution.rows import read_distribution_rows
from overtone.models.registry import MODELS


def row(label, frechet, *, prior="own", seed=0, features=MAIN, **values):
    kind = KINDS[label]
    found = distance(
        kind.model,
        frechet,
        name=f"cifar10-{label}-{seed}",
        prior=prior,
        reference="cifar10/test",
        features=features,
    )
    return dataclasses.replace(found, values=found.values | values)


def real(compared, frechet, features=MAIN):
    return distance(None, frechet, name="blur-0.5", prior="", features=features, compared=compared)


def store_all(root, **by_network):
    for network, rows in by_network.items():
        store_distances(root, f"cifar10/rows/{network.replace('_', '-')}.jsonl", rows)


MAIN_ROWS = [
    real("samples", 50.0),
    real("other-split", 4.0),
    row("vae", 204.0, prior="normal"),
    row("vae", 104.0, prior="flow"),
    row("local-series", 20.0, precision=0.62, coverage=0.71, recall=0.1),
    row("local-series", 26.0, seed=1, precision=0.62, coverage=0.73, recall=0.1),
    row("dct-transformer-b4", 150.0),
]


def test_the_floor_is_subtracted_and_seeds_are_averaged(tmp_path):
    fast = [real("other-split", 1.0, FAST), row("vae", 11.0, prior="normal", features=FAST)]
    fast.append(row("dct-transformer-b4", 8.0, features=FAST))
    store_all(tmp_path, efficientnet_lite0=MAIN_ROWS, color32=fast)
    main = read_measured(tmp_path)[MAIN]
    (ours,) = [entry for entry in main.entries if entry.label == "local-series"]
    assert main.above_floor(ours) == pytest.approx(19.0)
    assert main.share(ours) == pytest.approx(0.095)
    text = build(tmp_path)[PAGE]
    assert "mean of 2 seeds: 0.095 of the autoencoder's" in text
    assert "At most 0.14 was asked for: **reached**; 0.08 was hoped for: **not reached**" in text
    assert "Its coverage is 0.72; at least 0.7 was asked for: **reached**" in text
    assert "Its recall is 0.10; at least 0.25 was hoped for: **not reached**" in text
    assert "DCTransformer: its best here, `dct-transformer`, blocks of 4, is at 0.730" in text
    assert "distance (0.700 with `color32`); at most 0.6 was asked for: **not reached**" in text
    assert "Spectral dictionary: its best here" not in text
    assert "| 2 | 23 | 4.2 | 20, 26 |" in text


def test_lines_without_rows_are_left_out(tmp_path):
    text = build(tmp_path)[PAGE]
    assert "dct-flow" not in text
    assert text.count("Not measured yet") == 5
    assert {finding.verdict for finding in judge(tmp_path)} == {"not measured yet"}


def test_without_a_floor_there_is_no_share(tmp_path):
    store_all(tmp_path, efficientnet_lite0=MAIN_ROWS[2:])
    text = build(tmp_path)[PAGE]
    assert "| 204 |  |  |" in text
    assert "of the autoencoder's distance above the floor." not in text.partition("## With")[0]


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [((20.0, 2.0), "holds"), ((20.0, 9.5), "holds in part"), ((200.0, 9.5), "does not hold")],
)
def test_both_networks_decide(tmp_path, ours, verdict):
    fast = [row("vae", 10.0, prior="normal", features=FAST)]
    main = [row("vae", 204.0, prior="normal"), row("vae", 1.0, prior="flow")]
    store_all(
        tmp_path,
        color32=[*fast, row("local-series", ours[1], features=FAST)],
        efficientnet_lite0=[*main, row("local-series", ours[0])],
    )
    findings = judge(tmp_path)
    assert verdicts(findings, "dfm-beats-vae", "ours") == [verdict]
    assert verdicts(findings, "dfm-fid", "ours") == [verdict]  # 0.76 of the autoencoder's
    assert verdicts(findings, "dfm-beats-vae", "published") == ["not measured yet"]


def test_the_published_generator_is_judged_by_its_own_prior(tmp_path):
    rows = [
        row("vae", 100.0, prior="normal"),
        row("thesis-text-mean", 10.0, prior="mixture"),
        row("thesis-text-mean", 120.0, prior="isotropic"),
        row("thesis-program-sum", 95.0, prior="isotropic"),
    ]
    store_all(tmp_path, efficientnet_lite0=rows)
    (finding,) = [
        each
        for each in judge(tmp_path)
        if each.claim == "dfm-beats-vae" and each.preset.startswith("as published")
    ]
    assert finding.verdict == "does not hold"
    assert "thesis by the program, λ beside sums 95 against 100 (-5 %)" in finding.measured


def test_networks_that_disagree_name_the_pair(tmp_path):
    labels = ("vae", "pca", "dct-flow")
    for network, numbers in ((MAIN, (30, 20, 10)), (FAST, (3, 1, 2))):
        rows = [
            row(label, number, prior="normal", features=network)
            for label, number in zip(labels, numbers, strict=True)
        ]
        store_distances(tmp_path, f"cifar10/rows/{network}.jsonl", rows)
    assert disagreements(read_measured(tmp_path)) == (3, [("dct-flow", "pca")])
    text = build(tmp_path)[PAGE]
    assert "Of 3 pairs of models that both networks have measured, 2 are in the same order" in text


def test_every_kind_has_a_model_and_a_preset():
    for label, kind in KINDS.items():
        assert kind.model in MODELS, label
        assert kind.preset in preset_names(kind.model), label


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    for split, count in (("train", 80), ("test", 60)):
        for name in ("cat", "ship"):
            folder = tmp_path / "data/cifar10" / split / name
            folder.mkdir(parents=True)
            for number in range(count // 2):
                pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number:03}.png")
    return tmp_path / "data"


def test_a_run_is_trained_and_measured_once(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    kind = dataclasses.replace(KINDS["pca"], changes=("network.num_components=6",))
    monkeypatch.setattr(measure, "KINDS", {"pca": kind})
    words = ["measure", str(data), "--features", FAST, "--cache", "cache"]
    for more in (["--measure-only"], [], []):
        monkeypatch.setattr("sys.argv", [*words, *more])
        measure.main()
    printed = capsys.readouterr().out
    assert "cifar10-pca-0: no finished run" in printed
    assert "cifar10-pca-0: all rows with color32 are there" in printed
    rows = read_distribution_rows(tmp_path / "experiments/cifar10/rows/color32.jsonl")
    assert [each.source.prior for each in rows] == ["gaussian", "mixture"]
    assert {each.num_nearest for each in rows} == {5000}
    assert rows[0].source.images_seen == 128  # one step
    assert rows[0].num_samples == 60
    assert (tmp_path / "docs/images/cifar10/cifar10-pca-0.png").exists()


def test_floors_are_real_pictures(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["measure", str(data), "--floors", "--features", FAST])
    measure.main()
    measure.main()
    rows = read_distribution_rows(tmp_path / "experiments/cifar10/rows/color32.jsonl")
    names = [each.source.name if each.compared == "samples" else each.compared for each in rows]
    assert names == ["blur-0.5", "halves", "other-split", "jpeg-75", "blur-1"]


def test_the_slow_network_measures_the_best_of_a_sweep_only(monkeypatch):
    (trial,) = [each for each in measure.trials() if each.name == "cifar10-thesis-text-sum-0"]
    rows = [
        dataclasses.replace(
            found,
            source=dataclasses.replace(found.source, temperature=each.temperature, guidance=1.0),
        )
        for each in SWEEP
        for number in [5.0 if each == SWEEP[1] else 8.0]
        for found in [row("thesis-text-sum", number, prior=str(each.prior), features=FAST)]
    ]
    stored = {FAST: rows[:-1], MAIN: []}
    monkeypatch.setattr(measure, "rows_of", lambda trial, network: stored[network])
    assert measure.missing(trial, MAIN) == []  # the sweep is not whole
    stored[FAST] = rows
    assert measure.missing(trial, FAST) == [Draw("mixture")]
    assert measure.missing(trial, MAIN) == [SWEEP[1]]


def test_blur_keeps_shape_and_takes_contrast():
    images = np.random.default_rng(1).integers(0, 256, (3, 20, 32, 3), dtype=np.uint8)
    blurred = measure.blur(images, 1.0)
    assert blurred.shape == images.shape
    assert blurred.std() < 0.5 * images.std()
