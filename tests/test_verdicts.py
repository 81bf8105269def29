"""Verdicts follow from rows by their rules, and change when the rows do."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
from experiments.dctransformer import judge as dctransformer
from experiments.harness.claims import claims
from experiments.harness.index import index_page, verifiable
from experiments.registry import ITEMS, get_item
from experiments.speed import page as speed
from experiments.thesis_compression import judge as thesis_compression
from experiments.thesis_compression.figure import size_percent
from experiments.thesis_generation import judge as thesis_generation
from toy_rows import distance, store, store_distances, verdicts

from overtone.evaluate.rate_distortion.rows import Row, append_row

ROOT = pathlib.Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("mnist", "photo32", "verdict"),
    [
        ((5.0, 10.0), None, "holds"),
        ((5.0, 10.0), (80.0, 81.0), "holds in part"),
        ((9.5, 10.0), (80.0, 81.0), "does not hold"),
        ((8.9, 10.0), (40.0, 81.0), "holds"),
    ],
)
@pytest.mark.parametrize("model", ["fourier-generator", "series-generator"])
def test_better_than_the_autoencoder(tmp_path, model, mnist, photo32, verdict):
    for data, pair in (("mnist", mnist), ("photo32", photo32)):
        if pair:
            rows = [distance(model, pair[0], prior="flow"), distance("vae", pair[1])]
            # A prior fitted afterwards is not what the thesis compared with.
            store_distances(
                tmp_path,
                f"thesis_generation/rows/{data}.jsonl",
                [*rows, distance("vae", 0.1, prior="flow"), distance(model, 99.0)],
            )
    findings = thesis_generation.judge(tmp_path)
    assert verdicts(findings, "dfm-beats-vae", model) == [verdict]
    other = ({"fourier-generator", "series-generator"} - {model}).pop()
    assert verdicts(findings, "dfm-beats-vae", other) == ["not measured yet"]


@pytest.mark.parametrize(
    ("reference", "features", "frechet", "verdict"),
    [
        ("mnist/test", "gray28", 1.0, "not testable here"),
        ("cifar-10/test", "efficientnet-lite0", 1.0, "not testable here"),
        ("cifar-10/test", "inception", 80.5, "holds"),
        ("cifar-10/test", "inception", 84.0, "holds"),
        ("cifar-10/test", "inception", 85.0, "does not hold"),
    ],
)
def test_a_published_distance(tmp_path, reference, features, frechet, verdict):
    row = distance("fourier-generator", frechet, reference=reference, features=features)
    store_distances(tmp_path, "thesis_generation/rows/any.jsonl", [row])
    (finding,) = [f for f in thesis_generation.judge(tmp_path) if f.claim == "dfm-fid"]
    assert finding.verdict == verdict
    assert f"{frechet:.2f}" in finding.measured


@pytest.mark.parametrize(
    ("values", "verdict"),
    [([2.0], "not measured yet"), ([2.0, 2.2, 1.9], "holds"), ([2.0, 4.0], "does not hold")],
)
def test_stable_over_seeds(tmp_path, values, verdict):
    rows = [
        distance("series-generator", value, name=f"mnist-series-generator-{seed}")
        for seed, value in enumerate(values)
    ]
    store_distances(tmp_path, "thesis_generation/rows/mnist.jsonl", rows)
    assert verdicts(thesis_generation.judge(tmp_path), "dfm-stable", "series") == [verdict]


@pytest.mark.parametrize(
    ("own", "verdict"),
    [(2.1, "holds"), (5.0, "holds in part"), (10.5, "does not hold")],
)
def test_competitive_with_the_other_generators(tmp_path, own, verdict):
    others = [distance("vae", 10.0), distance("series-generator", 2.0, prior="flow")]
    store_distances(tmp_path, "thesis_generation/rows/mnist.jsonl", others)
    store_distances(
        tmp_path, "dctransformer/rows/samples/mnist.jsonl", [distance("dct-transformer", own)]
    )
    assert verdicts(dctransformer.judge(tmp_path), "dct-competitive") == [verdict]


@pytest.mark.parametrize(
    "changes", [{"num_samples": 99}, {"features": "inception"}, {"reference_hash": "x"}], ids=str
)
def test_distances_of_other_reference_sets_are_not_compared(tmp_path, changes):
    store_distances(tmp_path, "thesis_generation/rows/mnist.jsonl", [distance("vae", 10.0)])
    own = dataclasses.replace(distance("dct-transformer", 1.0), **changes)
    store_distances(tmp_path, "dctransformer/rows/samples/mnist.jsonl", [own])
    assert verdicts(dctransformer.judge(tmp_path), "dct-competitive") == ["not measured yet"]


def grid_row(width, depth, loss, psnr, seconds=30.0):
    return {
        "image": "photo",
        "width": width,
        "depth": depth,
        "weights_percent": size_percent(width, depth),
        "size_bytes": 1000,
        "loss_percent": loss,
        "psnr_db": psnr,
        "steps": 10,
        "fit_cpu_s": seconds,
    }


@pytest.mark.parametrize(
    ("rows", "error", "stable"),
    [
        ([], "not measured yet", "not measured yet"),
        ([grid_row(6, 7, 0.1, 30.0), grid_row(7, 3, 0.2, 27.0)], "holds", "holds"),
        ([grid_row(6, 7, 0.1, 30.0), grid_row(7, 3, 4.0, 14.0)], "holds in part", "holds in part"),
        ([grid_row(6, 7, 0.3, 25.0)], "not testable here", "holds"),
        ([grid_row(6, 7, 0.3, 25.0, 4000.0)], "does not hold", "holds"),
        # What is larger than 15 % does not count for the error.
        ([grid_row(10, 5, 0.01, 40.0)], "not measured yet", "holds"),
    ],
)
def test_small_error_and_stability_of_the_published_networks(tmp_path, rows, error, stable):
    store(tmp_path, "thesis_compression/rows/grid.jsonl", rows)
    findings = thesis_compression.judge(tmp_path)
    assert verdicts(findings, "dfm-small-error", "published") == [error]
    assert verdicts(findings, "dfm-stable") == [stable]


@pytest.mark.parametrize(
    ("own_db", "jpeg_db", "verdict"),
    [(25.0, 43.0, "does not hold"), (25.0, 30.5, "holds in part"), (30.0, 30.9, "holds")],
)
def test_the_published_network_against_jpeg(tmp_path, own_db, jpeg_db, verdict):
    row = grid_row(8, 6, 0.3, own_db) | {
        "jpeg_equal_bytes": {"size_bytes": 990, "psnr_db": jpeg_db},
        "jpeg_equal_psnr": {"size_bytes": 100, "psnr_db": own_db},
    }
    store(tmp_path, "thesis_compression/rows/jpeg.jsonl", [row])
    findings = thesis_compression.judge(tmp_path)
    assert verdicts(findings, "dfm-like-jpeg", "published") == [verdict]


def coded(codec, image, rate, db, seconds=0.1):
    return Row(
        suite="s", image=image, image_hash="h", height=100, width=200, codec=codec, preset=None,
        effort="default", quality=rate, target_bpp=None, size_bytes=1, rate_bpp=rate, psnr_db=db,
        ms_ssim=0.9, encode_s=1.0, decode_s=seconds, num_threads=1, seed=0, version="1",
        commit="c", machine="m", date="2026-01-01T00:00:00Z",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("db", "error", "like_jpeg"),
    [
        (30.0, "holds", "holds"),
        (27.5, "holds", "does not hold"),
        (20.0, "does not hold", "does not hold"),
    ],
)
def test_our_codecs_against_raw_pixels_and_jpeg(tmp_path, db, error, like_jpeg):
    for rate in (0.1, 0.2, 0.4):
        for codec, quality_db in (("jpeg", 29.0), ("tiled-dct", 60.0), ("dfm", db)):
            row = coded(codec, "photo", rate, quality_db + 10 * rate)
            append_row(tmp_path / f"experiments/kodak/rows/{codec}.jsonl", row)
    findings = thesis_compression.judge(tmp_path)
    assert verdicts(findings, "dfm-small-error", "`dfm`") == [error]
    assert verdicts(findings, "dfm-like-jpeg", "`dfm`") == [like_jpeg]


def test_nothing_measured_of_another_codec_is_credited_to_the_machine():
    for name in ITEMS:
        for finding in get_item(name).judge(ROOT):
            if finding.claim.startswith("dfm-"):
                assert "tiled-dct" not in finding.preset + finding.measured + finding.rule


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(0.02, "holds"), (0.019, "holds"), (0.3, "holds in part"), (3.0, "does not hold")],
)
def test_fast_against_jpeg(tmp_path, seconds, verdict):
    megapixels = 0.02
    for codec, s in (("jpeg", 0.002), ("dfm", seconds)):
        row = coded(codec, "photo", 0.1, 30.0, s * megapixels)
        append_row(tmp_path / f"experiments/kodak/rows/{codec}.jsonl", row)
    assert verdicts(speed.judge(tmp_path), "dfm-fast", "codec") == [verdict]


def test_every_finding_is_about_a_claim_and_says_its_rule():
    for name in ITEMS:
        for finding in get_item(name).judge(ROOT):
            assert finding.claim in verifiable()
            assert finding.preset.startswith(("as published", "ours"))
            assert finding.rule.endswith(".")
            assert "|" not in finding.measured + finding.data + finding.preset
            assert finding.measured or finding.verdict == "not measured yet"


def test_every_claim_is_in_the_table_also_without_rows(tmp_path):
    page = index_page(tmp_path)
    for key, claim in claims().items():
        assert (f"(#{key})" in page) is not claim.is_reference
        assert (f'id="{key}"' in page) is not claim.is_reference
    lines = [line for line in page.splitlines() if line.startswith("|") and "`python -m" in line]
    assert all(
        line.endswith(("**not measured yet** |", "**not testable here** |")) for line in lines
    )
    assert len({line.count("|") for line in lines}) == 1
