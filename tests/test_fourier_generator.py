"""The Fourier generator: the thesis's numbers, its formula, both its forms."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from overtone.config import from_mapping, read_preset
from overtone.data import ImageSet
from overtone.models.base import Batch, ImageSpec
from overtone.models.fourier_generator.config import FourierGeneratorConfig
from overtone.models.fourier_generator.model import FourierGenerator
from overtone.models.fourier_generator.net import pixel_positions

SHAPES = [(1, 1), (1, 9), (7, 1), (8, 8), (12, 20), (11, 7)]
SMALL = FourierGeneratorConfig(
    latent_dim=5,
    encoder_hidden=(12, 9),
    decoder_hidden=(8, 10),
    net_hidden=(3, 3, 3),
    period_px=16.0,
    init_std=0.2,
    latent_weight=0.1,
    encoder_rates=(0.5, 0.1),
    table_rates=(1.0, 1.0),
)
FORMS = {
    "encoder": SMALL,
    "table": dataclasses.replace(SMALL, encoder="none", encoder_hidden=()),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def small_model(form="encoder", height=6, width=9, channels=3, num_images=4):
    spec = ImageSpec(height=height, width=width, channels=channels, num_images=num_images)
    return FourierGenerator(FORMS[form], spec, generator=generator())


def small_batch(model):
    spec = model.spec
    shape = (spec.num_images, spec.channels, spec.height, spec.width)
    images = torch.rand(shape, generator=generator(1)) * 2 - 1
    return Batch(images, None, torch.arange(spec.num_images))


def thesis_model(name, height, width, channels, num_images):
    config = from_mapping(FourierGeneratorConfig, read_preset("fourier-generator", name)["network"])
    spec = ImageSpec(height=height, width=width, channels=channels, num_images=num_images)
    return FourierGenerator(config, spec, generator=generator())


def num_values(module):
    assert module is not None
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_cifar_preset_has_the_published_sizes():
    model = thesis_model("thesis-cifar10", 32, 32, 3, 50_000)
    assert num_values(model.cosine_decoder) + num_values(model.sine_decoder) == 8_464_344
    assert num_values(model.encoder) == 4_474_310
    assert num_values(model) == 8_464_344 + 4_474_310
    assert model.coefficients(torch.zeros(2, 110)).shape == (2, 7_344)


def test_initial_weights_of_the_cifar_preset_are_those_of_the_program():
    model = thesis_model("thesis-cifar10", 32, 32, 3, 50_000)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any(), name
        else:  # of 55,000 numbers and more: five standard errors of a standard deviation
            assert float(parameter.detach().std()) == pytest.approx(
                3e-2, rel=5 / math.sqrt(2 * 55_000)
            )
            assert abs(float(parameter.detach().mean())) < 5 * 3e-2 / math.sqrt(55_000)


def test_the_mnist_preset_has_a_table_of_normal_latents():
    model = thesis_model("thesis-mnist", 28, 28, 1, 60)
    assert model.table is not None
    assert model.table.shape == (60, 35)
    assert float(model.table.detach().std()) == pytest.approx(1, abs=0.1)
    assert model.coefficients(model.table).shape == (60, 3_248)


def program_value(model, latent, row, column):
    """A pixel by the program's formula: K/period in every layer, 2 sigmoid(x) - 1."""
    period, slope = model.config.period_px, model.config.negative_slope

    def run(mlp):
        x = latent.double().numpy()
        for number, layer in enumerate(mlp.layers, 1):
            x = layer.weight.detach().double().numpy() @ x + layer.bias.detach().double().numpy()
            if number < len(mlp.layers):
                x = np.maximum(slope * x, x)
        return x

    a, b = run(model.cosine_decoder), run(model.sine_decoder)
    x = np.array([row, column], np.float64)
    at = 0
    for layer in model.net.layers:
        m, n = layer.num_inputs, layer.num_outputs
        k = np.array([[(r >> j) & 1 for j in range(m)] for r in range(2**m)]) / period
        angles = 2 * np.pi * k @ x
        end = at + n * 2**m
        y = np.cos(angles) @ a[at:end].reshape(2**m, n)
        y += np.sin(angles) @ b[at:end].reshape(2**m, n)
        x = y + x if layer.has_residual else y
        at = end
    return 2 / (1 + np.exp(-x)) - 1


@pytest.mark.parametrize("pixel", [(0, 0), (5, 8), (2, 7)], ids=str)
def test_a_pixel_is_what_the_program_computes(pixel):
    model = small_model()
    latent = torch.randn(5, generator=generator(2))
    with torch.no_grad():
        image = model.decode(latent[None])[0]
    row, column = pixel
    expected = program_value(model, latent, row, column)
    # Single precision through three layers of coefficients of size 1.
    np.testing.assert_allclose(image[:, row, column], expected, atol=2e-5)


def test_a_network_without_coefficients_is_flat_and_gray():
    model = small_model()
    for decoder in (model.cosine_decoder, model.sine_decoder):
        for parameter in decoder.parameters():
            torch.nn.init.zeros_(parameter)
    assert not model.decode(torch.ones(2, 5)).any()


def test_a_constant_in_the_last_layer_is_the_value_of_every_pixel():
    model = small_model()
    for decoder in (model.cosine_decoder, model.sine_decoder):
        for parameter in decoder.parameters():
            torch.nn.init.zeros_(parameter)
    with torch.no_grad():  # a_0 of the last layer's three outputs
        bias = list(model.cosine_decoder.parameters())[-1]
        bias[-3 * 8 : -3 * 7] = torch.tensor([0.5, -1.0, 2.0])
    image = model.decode(torch.ones(1, 5)).detach()[0]
    expected = 2 / (1 + np.exp([-0.5, 1.0, -2.0])) - 1
    np.testing.assert_allclose(image, expected[:, None, None] * np.ones((3, 6, 9)), rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_the_loss_is_sums_not_means(form):
    model = small_model(form)
    model.config = dataclasses.replace(model.config, latent_noise=0.0)
    batch = small_batch(model)
    with torch.no_grad():
        latents = model.encode(batch.images) if model.table is None else model.table
        errors = (model.decode(latents) - batch.images).square().sum()
        expected = errors + model.config.latent_weight * latents.square().sum()
        result = model.loss(batch, progress=0.0, generator=generator())
    assert float(result["loss"]) == pytest.approx(float(expected), rel=1e-5)
    mean = float(errors) / batch.images.numel()
    assert float(result["mean_squared_error"]) == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize(("form", "channels"), [("encoder", 3), ("table", 1)])
def test_the_mean_of_the_text_is_the_sum_with_more_weight_on_latents(form, channels):
    results = []
    for reduction, weight in (("mean", 0.5), ("sum", 0.5 * 6 * 9), ("sum", 0.5)):
        model = small_model(form, channels=channels)
        model.config = dataclasses.replace(
            FORMS[form], loss_reduction=reduction, latent_weight=weight
        )
        loss = model.loss(small_batch(model), progress=0.0, generator=generator(2))["loss"]
        gradients = torch.autograd.grad(loss, [*model.parameters()])
        gradient = torch.cat([each.flatten() for each in gradients])
        scale = 4 * 6 * 9 if reduction == "mean" else 1  # 4 images of 6 by 9 pixels
        results.append((scale * loss.detach(), scale * gradient))
    (mean, mean_gradient), (weighted, weighted_gradient), (plain, _) = results
    torch.testing.assert_close(mean, weighted)
    torch.testing.assert_close(mean_gradient, weighted_gradient, rtol=1e-4, atol=1e-5)
    assert plain < weighted


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_both_forms_learn(form, shape):
    model = small_model(form, *shape, channels=1)
    batch = small_batch(model)
    start = {name: value.detach().clone() for name, value in model.named_parameters()}
    groups = [{"params": list(group.parameters), "lr": 0.01} for group in model.parameter_groups()]
    optimizer = torch.optim.Adam(groups)
    losses = []
    for step in range(12):
        loss = model.loss(batch, progress=step / 12, generator=generator(step))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    still = [name for name, value in model.named_parameters() if torch.equal(value, start[name])]
    assert not still


@pytest.mark.parametrize("form", FORMS)
def test_every_parameter_is_in_one_group(form):
    model = small_model(form)
    groups = model.parameter_groups()
    grouped = [parameter for group in groups for parameter in group.parameters]
    assert sorted(map(id, grouped)) == sorted(map(id, model.parameters()))
    rates = [(group.rate_start, group.rate_end) for group in groups]
    assert rates == [(1, 1), {"encoder": (0.5, 0.1), "table": (1, 1)}[form]]


def test_gradients_are_those_of_plain_pytorch():
    model = small_model()
    batch = small_batch(model)
    wide = small_model().double()
    wide_batch = Batch(batch.images.double(), None, batch.indices)
    for each, data in ((model, batch), (wide, wide_batch)):
        latents = each.encode(data.images)
        each.squared_error(latents, data.images).backward()
    for (name, ours), theirs in zip(model.named_parameters(), wide.parameters(), strict=True):
        assert ours.grad is not None
        assert theirs.grad is not None
        error = (ours.grad.double() - theirs.grad).abs().max() / theirs.grad.abs().max()
        assert float(error) < 1e-4, name


@pytest.mark.parametrize("size", [(6, 9), (12, 18), (1, 1), (5, 31)], ids=str)
def test_any_size_is_the_same_function_on_another_grid(size):
    model = small_model()
    latents = torch.randn(2, 5, generator=generator(3))
    with torch.no_grad():
        image, native = model.decode(latents, size), model.decode(latents)
    assert image.shape == (2, 3, *size)
    if size == (6, 9):
        torch.testing.assert_close(image, native)


def test_a_finer_grid_covers_the_same_area():
    rows, columns = pixel_positions(6, 9, (12, 9)).unflatten(1, (12, 9))
    np.testing.assert_allclose(rows[:4, 0], [-0.25, 0.25, 0.75, 1.25])
    np.testing.assert_allclose(columns[0], np.arange(9))
    # An odd factor: every third sample is an old one.
    tripled = pixel_positions(2, 3, (6, 9)).unflatten(1, (6, 9))[:, 1::3, 1::3]
    np.testing.assert_allclose(tripled.flatten(1), pixel_positions(2, 3))


def test_a_search_finds_the_latent_of_an_image():
    model = small_model("table", 8, 8, 1)
    with torch.no_grad():
        wanted = model.decode(0.3 * torch.randn(2, 5, generator=generator(4)))
        start = model.squared_error(torch.zeros(2, 5), wanted)
        found = model.encode(wanted)
        end = model.squared_error(found, wanted)
    assert found.shape == (2, 5)
    assert not found.requires_grad
    assert float(end) < 0.2 * float(start)


def test_training_latents_are_the_table():
    model = small_model("table")
    pixels = np.zeros((4, 6, 9, 3), np.uint8)
    images = ImageSet(name="black", images=pixels, labels=None, class_names=())
    assert model.table is not None
    assert torch.equal(model.training_latents(images), model.table)
    assert torch.equal(model.training_latents(images.subset(np.arange(2))), model.table[:2])


def test_samples_follow_sigma_and_the_seed():
    model = small_model()
    latents = model.sample_latents(2000, generator=generator())
    # 10,000 numbers: five standard errors.
    assert float(latents.std()) == pytest.approx(8e-3, rel=5 / math.sqrt(20_000))
    again = model.sample(3, generator=generator(7), size=(4, 5))
    assert again.shape == (3, 3, 4, 5)
    assert torch.equal(again, model.sample(3, generator=generator(7), size=(4, 5)))


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="period_px must be above 0, got 0"):
        FourierGeneratorConfig(period_px=0.0)
    with pytest.raises(ValueError, match=r"hidden widths must be in 1\.\.10, got 11"):
        FourierGeneratorConfig(net_hidden=(11,))
    with pytest.raises(ValueError, match="encoder_rates must be two numbers"):
        FourierGeneratorConfig(encoder_rates=(1.0,))
    with pytest.raises(ValueError, match="decoder_hidden must be at least 1"):
        FourierGeneratorConfig(decoder_hidden=(5, 0))


def test_bfloat16_products_change_the_loss_little():
    model = small_model()
    batch = small_batch(model)
    with torch.no_grad():
        exact = model.loss(batch, progress=0.0, generator=generator())["loss"]
        with torch.autocast("cpu", torch.bfloat16):
            rounded = model.loss(batch, progress=0.0, generator=generator())["loss"]
    # Five products, each rounded to 8 bits: 2^-9 of a number, at random.
    assert float(rounded) == pytest.approx(float(exact), rel=0.02)
    assert rounded.dtype == torch.float32
