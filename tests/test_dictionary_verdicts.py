"""Verdicts on spectral dictionaries follow from their rows."""

from __future__ import annotations

import dataclasses

import pytest
from experiments.spectral_dictionary import judge as dictionary_claims
from toy_rows import distance, store, store_distances, verdicts


def dictionary(label, preset, frechet, psnr):
    row = distance(
        "spectral-dictionary", frechet, name=f"mnist-{label}-0", reconstruction_psnr_db=psnr
    )
    return dataclasses.replace(row, source=dataclasses.replace(row.source, preset=preset))


def test_the_published_dictionary_and_ours_are_judged_apart(tmp_path):
    own = [
        dictionary("published", "published-mnist", 20.0, 15.0),
        dictionary("published-solved", "published-mnist", 1.0, 19.0),  # neither
        dictionary("ours", "mnist", 5.0, 18.6),
    ]
    control = distance("pca", 6.0, reconstruction_psnr_db=19.0)
    store_distances(tmp_path, "spectral_dictionary/rows/mnist.jsonl", [*own, control])
    store_distances(tmp_path, "thesis_generation/rows/mnist.jsonl", [distance("vae", 10.0)])
    findings = dictionary_claims.judge(tmp_path)
    competitive = "dictionary-competitive"
    assert verdicts(findings, competitive, "published") == ["does not hold", "does not hold"]
    assert verdicts(findings, competitive, "ours") == ["holds", "holds"]


@pytest.mark.parametrize(
    ("speedup", "verdict"),
    [
        ({"published": 7.0, "published-no-stft": 5.0}, "holds"),
        ({"published": 7.0, "published-no-stft": 2.0}, "does not hold"),
        ({"published": 7.0, "published-no-stft": None}, "does not hold"),
    ],
)
def test_time_to_the_same_loss(tmp_path, speedup, verdict):
    row = {"data": "photo32/train", "num_atoms": 128, "core_s": 1.0, "mean_squared_error": 0.1}
    rows = [
        row | {"name": "photo32-published-0", "speedup": {"published": 1.0}},
        row | {"name": "photo32-ours-0", "speedup": {"published": 99.0}},
        row | {"name": "photo32-ours-0", "speedup": speedup},  # measured again
    ]
    store(tmp_path, "speed/rows/dictionary.jsonl", rows)
    assert verdicts(dictionary_claims.judge(tmp_path), "dictionary-efficient") == [verdict]


@pytest.mark.parametrize(
    ("losses", "verdict"),
    [
        ([0.1], "not measured yet"),
        ([0.1, 0.1001], "holds"),
        ([0.1, 0.2], "holds in part"),
        ([0.1, 0.1001, None], "does not hold"),
    ],
)
def test_stability_of_dictionaries_against_the_autoencoder(tmp_path, losses, verdict):
    rows = [
        {"data": "fashion-mnist", "label": label, "seed": seed, "loss": loss}
        for label, found in (("published", losses), ("vae", [300.0, 310.0]))
        for seed, loss in enumerate(found)
    ]
    store(tmp_path, "spectral_dictionary/rows/stability/rows.jsonl", rows)
    findings = dictionary_claims.judge(tmp_path)
    assert verdicts(findings, "dictionary-stable", "published") == [verdict]
    assert verdicts(findings, "dictionary-stable", "ours") == ["not measured yet"]
