"""Verdicts on the DCTransformer's claims follow from rows by their rules."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
from experiments.dctransformer import judge as dctransformer
from experiments.dctransformer.places import CONTROLS, MEAN, ONE, ORIGINAL
from toy_rows import distance, store_distances, verdicts

ROOT = pathlib.Path(__file__).parent.parent


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
def test_distances_of_other_rulers_are_not_compared(tmp_path, changes):
    store_distances(tmp_path, "thesis_generation/rows/mnist.jsonl", [distance("vae", 10.0)])
    own = dataclasses.replace(distance("dct-transformer", 1.0), **changes)
    store_distances(tmp_path, "dctransformer/rows/samples/mnist.jsonl", [own])
    assert verdicts(dctransformer.judge(tmp_path), "dct-competitive") == ["not measured yet"]


def spread_row(model, recall, coverage, *, prior="normal", frechet=10.0, **changes):
    row = distance(model, frechet, prior=prior, **changes)
    return dataclasses.replace(row, values=row.values | {"recall": recall, "coverage": coverage})


@pytest.mark.parametrize(
    ("recall", "coverage", "verdict"),
    [
        (0.6, 0.7, "holds"),
        (0.55, 0.64, "holds"),
        (0.6, 0.5, "holds in part"),
        (0.3, 0.3, "holds in part"),
        (0.6, 0.1, "does not hold"),
        (0.1, 0.6, "does not hold"),
    ],
)
def test_as_diverse_as_the_other_generators(tmp_path, recall, coverage, verdict):
    others = [
        spread_row("vae", 0.3, 0.3),
        spread_row("series-generator", 0.6, 0.7, prior="flow", frechet=2.0),
        # What scatters has a high recall; it is the nearest one that counts.
        spread_row("fourier-generator", 0.99, 0.01, frechet=50.0),
    ]
    store_distances(tmp_path, "thesis_generation/rows/mnist.jsonl", others)
    own = spread_row("dct-transformer", recall, coverage)
    store_distances(tmp_path, "dctransformer/rows/samples/mnist.jsonl", [own])
    assert verdicts(dctransformer.judge(tmp_path), "dct-diverse") == [verdict]


@pytest.mark.parametrize("task", ["colorize", "upscale"])
@pytest.mark.parametrize(
    ("one", "mean_db", "verdict"),
    [
        (39.0, 20.0, "holds"),
        (41.0, 20.0, "holds in part"),
        (53.0, 20.0, "holds in part"),
        (55.0, 20.0, "does not hold"),
        (70.0, 31.0, "holds in part"),
    ],
)
def test_colours_and_detail_against_the_control(tmp_path, task, one, mean_db, verdict):
    parts = {CONTROLS[task]: (60.0, 30.0), ORIGINAL: (20.0, 40.0), ONE: (one, 10.0)}
    rows = [
        distance("m", frechet, name=name, reconstruction_psnr_db=db)
        for name, (frechet, db) in (parts | {MEAN: (one, mean_db)}).items()
    ]
    path = f"dctransformer/rows/tasks/photo32-{task}.jsonl"
    store_distances(tmp_path, path, rows[:-1])
    claim = dctransformer.TASK_CLAIMS[task]
    assert verdicts(dctransformer.judge(tmp_path), claim) == ["not measured yet"]
    store_distances(tmp_path, path, rows[-1:])
    assert verdicts(dctransformer.judge(tmp_path), claim) == [verdict]
    (other,) = {*dctransformer.TASK_CLAIMS.values()} - {claim}
    assert verdicts(dctransformer.judge(tmp_path), other) == ["not measured yet"]


def test_high_resolution_is_judged_on_the_data_of_the_paper_only(tmp_path):
    def found():
        return verdicts(dctransformer.judge(tmp_path), "dct-high-resolution")

    assert found() == ["not testable here"]
    own = distance("dct-transformer", 1.0, reference="lsun-bedroom/test")
    store_distances(tmp_path, "dctransformer/rows/samples/any.jsonl", [own])
    assert found() == ["not measured yet"]
    others = [distance("vae", 0.5, reference="lsun-bedroom/test")]
    store_distances(tmp_path, "thesis_generation/rows/any.jsonl", others)
    assert found() == ["does not hold"]


def test_upscaling_loses_to_bicubic_in_the_rows_that_are_here():
    found = {each.claim: each for each in dctransformer.judge(ROOT)}
    upscaled = found["dct-super-resolution"]
    assert upscaled.verdict == "does not hold"
    assert "one result 35.7 and 27.6 dB" in upscaled.measured
    assert "bicubic 28.0 and 29.7 dB" in upscaled.measured
