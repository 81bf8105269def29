"""`overtone list`: every name, with a line about it."""

from __future__ import annotations

import json

import pytest

from overtone.cli.main import main
from overtone.codecs.registry import CODECS, MODEL_CODECS
from overtone.config import preset_names
from overtone.data.registry import LOADERS
from overtone.metrics import METRICS
from overtone.metrics.distribution.registry import DISTRIBUTION_METRICS
from overtone.models.registry import MODELS
from overtone.models.store import shipped_models

CODECS_WITH_PRESETS = ["coin", "dfm", "dfm-latent"]
NAMES = {
    "codecs": [*CODECS, *MODEL_CODECS],
    "models": [*MODELS, *shipped_models()],
    "metrics": [*METRICS, *(name for each in DISTRIBUTION_METRICS for name in each.names)],
    "data": [*LOADERS],
    "presets": [
        name for model in sorted([*MODELS, *CODECS_WITH_PRESETS]) for name in preset_names(model)
    ],
}


def rows(kind, capsys):
    assert main(["list", kind, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("kind", NAMES)
def test_every_name_has_a_line(kind, capsys):
    found = rows(kind, capsys)
    assert sorted(row["name"] for row in found) == sorted(NAMES[kind])
    assert all(row["about"] for row in found)
    assert main(["list", kind]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(found)
    for row, line in zip(found, lines, strict=True):
        assert line.startswith(row["name"] + " ")
        assert line.endswith(row["about"])


def test_presets_tell_their_model_and_time(capsys):
    by_name = {(row["model"], row["name"]): row for row in rows("presets", capsys)}
    assert by_name["vae", "mnist"]["time"] == "40 core-minutes"
    assert by_name["fourier-generator", "thesis-cifar10"]["time"] == "about a day of two cores"
    assert all(row["time"] for row in by_name.values())


def test_trained_models_tell_their_classes(capsys):
    (row,) = [row for row in rows("models", capsys) if row["name"] == "fashion-mnist"]
    assert row["kind"] == "trained"
    assert "28x28 pixels; classes T-shirt/top, Trouser" in row["about"]
