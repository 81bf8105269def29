"""Spectral dictionaries: projection, solving, latents, losses, sizes, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toy_dictionary import FORMS, SIGNAL, build, descend, generator, shaken, signals_of, waves

from overtone.config import from_mapping
from overtone.editing.bands import BandGains
from overtone.editing.through_model import HasAtoms, edit_atoms
from overtone.errors import ConfigError
from overtone.models.base import Batch, from_pixels
from overtone.models.spectral_dictionary import projection
from overtone.models.spectral_dictionary.config import SpectralDictionaryConfig
from overtone.models.spectral_dictionary.projection import (
    SecondMoments,
    best_coefficients,
    gram_factor,
)


@pytest.mark.parametrize("form", FORMS)
def test_the_projected_loss_is_that_of_least_squares(form):
    data = waves()
    model = shaken(build(data, form=form))
    model.begin(data, generator=generator())
    assert model.moments is not None
    loss = model.moments.projected_error(model.atoms())
    signals = signals_of(model, data).double().numpy()
    atoms = model.atoms().detach().double().numpy()
    w, *_ = np.linalg.lstsq(atoms.T, signals.T, rcond=None)
    error = np.mean((signals - w.T @ atoms) ** 2)
    assert float(loss.detach()) == pytest.approx(error, rel=1e-3)
    batch = Batch(from_pixels(torch.from_numpy(data.images)), None, torch.arange(len(data)))
    direct = model.eval().loss(batch, progress=0.0, generator=generator())["loss"]
    assert float(direct.detach()) == pytest.approx(error, rel=1e-3)


def test_the_projected_gradient_is_that_of_the_loss_with_the_coefficients_eliminated():
    pixels = torch.from_numpy(waves(30, 3, 4, 1).images)
    moments = SecondMoments.of(pixels, torch.zeros(12), generator=generator())
    signals = from_pixels(pixels).flatten(1).double()
    start = torch.randn(4, 12, generator=generator(1))
    first = start.clone().requires_grad_()
    moments.projected_error(first).backward()
    second = start.double().clone().requires_grad_()
    projector = second.T @ torch.linalg.inv(second @ second.T) @ second
    (signals - signals @ projector).square().mean().backward()
    assert first.grad is not None
    assert second.grad is not None
    torch.testing.assert_close(first.grad, second.grad.float(), atol=1e-5, rtol=1e-3)


def test_16_bits_are_not_for_projections():
    data = waves()
    model = build(data)
    model.begin(data, generator=generator())
    assert model.moments is not None
    atoms = model.atoms().detach()
    exact = model.moments.projected_error(atoms)
    weights = best_coefficients(atoms, signals_of(model, data))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(model.moments.projected_error(atoms), exact)
        assert torch.equal(best_coefficients(atoms, signals_of(model, data)), weights)


def test_many_values_are_summed_up_by_a_factor(monkeypatch):
    pixels = torch.from_numpy(waves(40, 3, 4, 3).images)
    mean = torch.full((36,), 0.1)
    whole = SecondMoments.of(pixels, mean, generator=generator())
    monkeypatch.setattr(projection, "MAX_VALUES", 35)
    part = SecondMoments.of(pixels, mean, generator=generator())
    assert (whole.is_factor, part.is_factor, part.matrix.shape) == (False, True, (35, 36))
    chosen = from_pixels(pixels).flatten(1) - mean
    full = SecondMoments(chosen / 40**0.5, True, float((chosen**2).sum()) / 40)
    atoms = torch.randn(3, 36, generator=generator())
    torch.testing.assert_close(full.times(atoms), whole.times(atoms), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(full.projected_error(atoms), whole.projected_error(atoms))


@pytest.mark.parametrize("form", FORMS)
def test_solved_residuals_are_orthogonal_to_the_atoms(form):
    data = waves()
    model = shaken(build(data, form=form))
    model.begin(data, generator=generator())
    atoms = model.atoms().detach()
    signals = signals_of(model, data)
    residual = signals - best_coefficients(atoms, signals) @ atoms
    cosines = (residual @ atoms.T) / (residual.norm(dim=1)[:, None] * atoms.norm(dim=1))
    assert cosines.abs().max() < 1e-4


def test_collinear_atoms_can_be_solved():
    atoms = torch.ones(2, 9)
    assert gram_factor(atoms).isfinite().all()
    signals = torch.full((1, 9), 3.0)
    torch.testing.assert_close(
        best_coefficients(atoms, signals) @ atoms, signals, rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("coefficients", ["projection", "encoder", "table"])
def test_decoding_is_linear_in_the_coefficients(coefficients):
    data = waves()
    model = shaken(build(data, coefficients=coefficients))
    model.begin(data, generator=generator())
    model.finish(data, generator=generator())
    a, b = torch.randn(2, 4, 5, generator=generator())
    with torch.no_grad():
        middle = model.decode(0.3 * a + 0.7 * b)
        torch.testing.assert_close(
            middle, 0.3 * model.decode(a) + 0.7 * model.decode(b), atol=1e-4, rtol=1e-4
        )


@pytest.mark.parametrize("coefficients", ["projection", "encoder", "table"])
def test_latents_of_the_training_images_have_deviation_one(coefficients):
    data = waves()
    model = build(data, coefficients=coefficients)
    model.begin(data, generator=generator())
    model.finish(data, generator=generator())
    latents = model.training_latents(data).double()
    torch.testing.assert_close(latents.mean(0), torch.zeros(5).double(), atol=1e-3, rtol=0)
    torch.testing.assert_close(
        latents.std(0, correction=0), torch.ones(5).double(), atol=1e-3, rtol=0
    )


def test_solving_is_at_least_as_near_as_the_encoder():
    data = waves()
    model = build(data, coefficients="encoder", **SIGNAL)
    descend(model, data, 40)
    images = from_pixels(torch.from_numpy(data.images))
    with torch.no_grad():
        errors = [
            (model.decode(latents) - images).square().mean(0)
            for latents in (model.encode(images), model.solve(images))
        ]
    assert errors[1].mean() < errors[0].mean()
    solving = build(data, coefficients="encoder", solve=True, **SIGNAL)
    solving.load_state_dict(model.state_dict())
    torch.testing.assert_close(solving.encode(images), model.solve(images))


@pytest.mark.parametrize("form", FORMS)
def test_learned_frequencies_beat_random_ones(form):
    data = waves(120)
    start = build(data, form=form)
    batch = Batch(from_pixels(torch.from_numpy(data.images)), None, torch.arange(len(data)))
    random = float(start.loss(batch, progress=0.0, generator=generator())["loss"].detach())
    model = build(data, form=form)
    model.begin(data, generator=generator())
    assert descend(model, data, 60) < 0.5 * random


def test_gradients_lower_the_published_loss_and_its_parts():
    data = waves()
    model = build(data, coefficients="encoder", stft_weight=0.1, stft_sizes=(16, 32), **SIGNAL)
    batch = Batch(from_pixels(torch.from_numpy(data.images)), None, torch.arange(len(data)))
    before = model.loss(batch, progress=0.0, generator=generator())
    descend(model, data, 60)
    after = model.loss(batch, progress=0.0, generator=generator())
    assert after.keys() == {"loss", "mean_squared_error", "stft"}
    assert all(after[name] < before[name] for name in after)
    expected = after["mean_squared_error"] + 0.1 * after["stft"]
    torch.testing.assert_close(after["loss"], expected)


def test_a_penalty_on_coefficients_makes_them_smaller():
    data = waves()
    sizes = []
    for weight in (0.0, 1.0):
        model = build(data, coefficients="table", coefficient_weight=weight, **SIGNAL)
        descend(model, data, 60)
        assert model.table is not None
        sizes.append(float(model.table.detach().square().mean()))
    assert sizes[1] < 0.5 * sizes[0]


def test_image_atoms_give_the_same_picture_at_other_sizes():
    data = waves(channels=1, height=8, width=12)
    model = build(data)
    model.begin(data, generator=generator())
    model.finish(data, generator=generator())
    latents = torch.randn(3, 5, generator=generator())
    with torch.no_grad():
        native, large = model.decode(latents), model.decode(latents, (24, 36))
        assert (large[:, :, 1::3, 1::3] - native).abs().mean() < 0.02  # shared pixel centres
        small, odd = model.decode(latents, (4, 6)), model.decode(latents, (25, 7))
        assert (small - native.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))).abs().mean() < 0.1
    assert odd.shape == (3, 1, 25, 7)


def test_signals_of_another_size_are_refused():
    data = waves()
    model = build(data, **SIGNAL)
    model.finish(data, generator=generator())
    with pytest.raises(ConfigError, match="only, 10x7, not 9x4"):
        model.sample(1, generator=generator(), size=(4, 9))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_atoms": 0}, "num_atoms and modulation_waves must be at least 1, got 0"),
        ({"start": "log"}, "atoms of form product start at the spectrum, not log"),
        ({"stft_weight": 0.1}, "a projection has least squares for its loss"),
        ({"coefficient_weight": -1.0}, "must not be below 0"),
        ({"modulation_rate": 0.0}, "modulation_rate must be above 0"),
        ({"stft_sizes": []}, "stft_sizes must be at least 4"),
        ({"modulation_hidden": [0]}, "at least 1 unit"),
        ({"form": "cube"}, "form must be one of"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(SpectralDictionaryConfig, settings)


def test_dictionaries_that_do_not_fit_the_images_are_refused():
    data = waves(height=3, width=4, channels=1)
    with pytest.raises(ConfigError, match=r"set network\.num_atoms to at most 12"):
        build(data, num_atoms=13)
    with pytest.raises(ConfigError, match="an STFT of 32 values does not fit the 12"):
        build(data, coefficients="encoder", stft_weight=1.0, stft_sizes=(8, 32))


def test_atoms_lie_where_their_waves_do():
    """Without modulation a product of cosines of whole half periods is one cosine of the DCT."""
    data = waves(height=12, width=16, channels=1)
    model = build(data, form="product", num_atoms=3)
    with torch.no_grad():
        for parameter in model.atoms.modulation.parameters():
            parameter.zero_()
        half_periods = torch.tensor([[3.0, 0.0], [0.0, 2.0], [4.0, 6.0]])
        model.atoms.frequencies.copy_(half_periods / 2)
        model.atoms.phases.fill_(0.25)  # cosines
    periods = torch.tensor([1.5, 1.0 * 16 / 12, np.hypot(2.0, 3.0 * 16 / 12)])
    found = model.atom_frequencies()
    assert found.shape == (3,)
    np.testing.assert_allclose(found, periods, rtol=1e-5)
    assert isinstance(model, HasAtoms)


def test_gains_of_one_are_lossless_through_a_dictionary():
    data = waves()
    model = build(data, form="product")
    model.finish(data, generator=generator())
    again = edit_atoms(model, data.images[:4], BandGains(gain={"low": 1.0, "high": 1.0}))
    np.testing.assert_array_equal(again, data.images[:4])
    softer = edit_atoms(model, data.images[:4], BandGains(gain={"0-": 0.5}))
    assert not np.array_equal(softer, data.images[:4])
