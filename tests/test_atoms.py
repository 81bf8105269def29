"""`overtone atoms` and `reconstruct --solve`: order, numbers, pictures, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from toy_dictionary import SIGNAL, build, descend, generator, shaken, waves
from toy_model import make_ramp_model

import overtone
from overtone.cli.main import main
from overtone.errors import ConfigError
from overtone.models.base import from_pixels
from overtone.models.store import save_model


def finished(**settings):
    data = waves()
    model = shaken(build(data, **settings))
    model.begin(data, generator=generator())
    model.finish(data, generator=generator())
    return model.eval(), data


@pytest.fixture
def path(tmp_path):
    model, _ = finished()
    save_model(tmp_path / "m.safetensors", model, {})
    return str(tmp_path / "m.safetensors")


@pytest.mark.parametrize("settings", [{}, SIGNAL, {"form": "wave"}], ids=str)
def test_atoms_are_sorted_by_what_they_add_to_the_training_images(settings):
    model, data = finished(**settings)
    found = overtone.atoms(model)
    values = model.atoms().detach()
    images = from_pixels(torch.from_numpy(data.images))
    w = model.coefficients(model.solve(images)).detach()
    for atom in found:
        added = w[:, atom.number, None] * values[atom.number]
        assert atom.energy == pytest.approx(float(added.square().mean()), rel=1e-3)
        assert atom.frequency == pytest.approx(
            np.atleast_1d(model.atoms.frequencies[atom.number].detach().numpy())
        )
    energies = [atom.energy for atom in found]
    assert energies == sorted(energies, reverse=True)
    assert sum(atom.share for atom in found) == pytest.approx(1)
    assert sorted(atom.number for atom in found) == [0, 1, 2, 3, 4]
    assert [atom.number for atom in overtone.atoms(model, 2)] == [a.number for a in found[:2]]


@pytest.mark.parametrize("settings", [{}, SIGNAL], ids=str)
def test_a_picture_shows_the_atom_over_its_modulation(settings):
    model, _ = finished(**settings)
    (atom, *_) = overtone.atoms(model, 1)
    factor = 7  # 10 pixels wide, enlarged to at least 64
    picture = atom.picture[: 7 * factor][::factor, ::factor].astype(float) - 127.5
    values = model.atoms().detach()[atom.number].view(3, 7, 10).permute(1, 2, 0).numpy()
    np.testing.assert_allclose(picture, 127.5 * values / np.abs(values).max(), atol=0.51)
    assert atom.picture.shape[1:] == (70, 3)
    assert len(np.unique(atom.picture[7 * factor :])) > 2


def test_curves_follow_the_modulation():
    model, _ = finished(**SIGNAL)
    (atom, *_) = overtone.atoms(model, 1)
    band = atom.picture[49:64]  # of the amplitude
    is_red = (band == (208, 52, 44)).all(2)
    rows = np.where(is_red, np.arange(15)[:, None], 0).sum(0) / is_red.sum(0)
    moved = model.atoms.table().modulation[0, atom.number].view(70, 3).mean(1)
    assert np.corrcoef(rows, -moved)[0, 1] > 0.95


def test_the_command_lists_and_draws(path, tmp_path, capsys):
    assert main(["atoms", path, "-o", str(tmp_path / "a.png"), "-n", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].split()[:3] == ["atom", "energy", "cycles"]
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "RGB"
    assert main(["atoms", path, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 5
    assert set(rows[0]["modulation"]) == {"amplitude", "phase x", "phase y"}
    assert main(["atoms", path, "-o", str(tmp_path / "a.png")]) == 1
    assert "exists" in capsys.readouterr().err


def test_models_without_atoms_and_wrong_counts_are_refused(path, capsys):
    assert main(["atoms", path, "-n", "0"]) == 2
    assert capsys.readouterr().err == "error: --num-atoms must be at least 1, got 0\n"
    with pytest.raises(ConfigError, match="a ramp has no atoms; give a model of spectral-diction"):
        overtone.atoms(make_ramp_model())


def test_solving_reconstructs_better_than_the_encoder(tmp_path, capsys):
    data = waves()
    model = build(data, coefficients="encoder", **SIGNAL)
    descend(model, data, 30)
    model.finish(data, generator=generator())
    errors = [
        np.square(data.images.astype(float) - overtone.reconstruct(model, data.images, solve=solve))
        for solve in (False, True)
    ]
    assert errors[1].mean() < errors[0].mean()
    save_model(tmp_path / "m.safetensors", model, {})
    np.savez(tmp_path / "waves.npz", x=data.images)
    arguments = ["reconstruct", str(tmp_path / "m.safetensors"), str(tmp_path / "waves.npz")]
    scores = []
    for number, extra in enumerate(([], ["--solve"])):
        assert main([*arguments, "-o", str(tmp_path / f"{number}.png"), *extra]) == 0
        scores.append(float(capsys.readouterr().err.split()[-2]))
    assert scores[0] < scores[1]


def test_solving_needs_a_linear_model():
    with pytest.raises(ConfigError, match="least squares needs a linear model"):
        overtone.reconstruct(make_ramp_model(), np.zeros((2, 6, 9, 1), np.uint8), solve=True)
