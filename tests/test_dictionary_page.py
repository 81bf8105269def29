"""The page about spectral dictionaries says what its rows say."""

from __future__ import annotations

import dataclasses

import pytest
from experiments.spectral_dictionary.page import PAGE, build
from toy_rows import distance, store, store_distances


def reconstruction(label, psnr_db, data="photo32"):
    return {
        "data": data,
        "name": f"{data}-{label}-0",
        "num_latents": 128,
        "num_parameters": 1000,
        "core_minutes": 0.5,
        "psnr_db": psnr_db,
        "ms_ssim": 0.9,
        "train_mean_squared_error": 0.01,
    }


def training(label, speedup):
    return {
        "data": "photo32/train",
        "name": f"photo32-{label}-0",
        "num_atoms": 128,
        "core_s": 9.0,
        "mean_squared_error": 0.01,
        "published_loss": 0.02,
        "core_s_to_loss": {base: 3.0 for base, ratio in speedup.items() if ratio},
        "speedup": speedup,
    }


def sample(label, frechet):
    row = distance("spectral-dictionary", frechet, name=f"mnist-{label}-0", prior="mixture")
    return dataclasses.replace(row, source=dataclasses.replace(row.source, preset="mnist"))


def test_without_rows_it_says_so(tmp_path):
    page = build(tmp_path)[PAGE]
    assert page.count("Not measured yet.") == 7


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        (27.4, ["ours wins", "(+0.20)", "is kept"]),
        (27.18, ["neither is ahead", "(-0.02)", "is kept"]),
        (26.8, ["PCA wins", "(-0.40)", "is kept"]),
        (26.6, ["PCA wins", "(-0.60)", "is missed"]),
    ],
)
def test_reconstructions_are_judged_against_pca(tmp_path, ours, words):
    rows = [reconstruction("pca", 27.2), reconstruction("ours", ours)]
    rows.append(reconstruction("published", 23.5))
    store(tmp_path, "spectral_dictionary/rows/reconstruction/rows.jsonl", rows)
    page = build(tmp_path)[PAGE]
    assert all(word in page for word in words)
    assert "The published form is -3.70 dB from PCA." in page


@pytest.mark.parametrize(
    ("speedup", "words"),
    [
        ({"published": 7.0, "published-no-stft": 5.0}, "the aim of 5 times is kept"),
        ({"published": 7.0, "published-no-stft": 2.0}, "the aim of 5 times is missed"),
        ({"published": 7.0, "published-no-stft": None}, "did not reach the loss"),
    ],
)
def test_speed_is_judged_by_the_slower_ratio_of_the_newest_rows(tmp_path, speedup, words):
    older = {"published": 9.0, "published-no-stft": 9.0}
    rows = [training("published", {"published": 1.0, "published-no-stft": None})]
    rows += [training("ours", each) for each in (older, speedup)]
    store(tmp_path, "speed/rows/dictionary.jsonl", rows)
    page = build(tmp_path)[PAGE]
    assert words in page
    assert "| never |" in page


def test_stability_is_judged_against_the_autoencoder(tmp_path):
    rows = [
        {"data": "fashion-mnist", "label": label, "seed": seed, "loss": loss, "core_s": 30.0}
        for label, losses in (("published", [0.1, 0.2]), ("vae", [300.0, 310.0]))
        for seed, loss in enumerate(losses)
    ]
    store(tmp_path, "spectral_dictionary/rows/stability/rows.jsonl", rows)
    page = build(tmp_path)[PAGE]
    assert "spreads by 47.14% of its mean, that of the autoencoder by 2.32%: more" in page
    assert "| `vae` | 2 | 0 | 30 | 305 | 2.32% |" in page


@pytest.mark.parametrize(("ours", "nearer"), [(5.0, "our dictionary"), (7.0, "PCA")])
def test_samples_name_who_is_nearer(tmp_path, ours, nearer):
    store_distances(tmp_path, "spectral_dictionary/rows/mnist.jsonl", [sample("ours", ours)])
    store_distances(
        tmp_path, "thesis_generation/rows/mnist.jsonl", [distance("pca", 6.0, prior="mixture")]
    )
    page = build(tmp_path)[PAGE]
    assert f"Between PCA and our dictionary, {nearer} is nearer." in page
    assert f"ours {ours:.1f} (mixture)" in page
