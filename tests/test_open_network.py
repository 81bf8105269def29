"""The networks of a file as arrays, as functions of the position, and as modules of PyTorch."""

import dataclasses
import functools
import subprocess
import sys

import numpy as np
import pytest
import torch
from tests.helpers import scene

import overtone
from overtone.errors import BitstreamError, ConfigError
from overtone.kernels.fourier import NetSpec
from overtone.models.layers.fourier_layer import FourierLayer, FourierNetwork
from overtone.models.layers.fourier_net import plain_fourier_nets

RAW = {"preset": "thesis", "settings": {"width": 3, "depth": 2, "steps": 300}}
QUANTISED = {"effort": "fast", "settings": {"width": 4, "depth": 2, "steps": 200}}
FILES = {
    "raw": (RAW, (24, 41), 3, (1, 1)),
    "raw gray": (RAW, (41, 24), 1, (1, 1)),
    "raw tiles": (RAW, (60, 90), 3, (3, 2)),
    "quantised": (QUANTISED, (24, 41), 3, (1, 1)),
    "quantised gray tiles": (QUANTISED, (90, 60), 1, (2, 3)),
    "quantised tiles": (QUANTISED, (60, 90), 3, (3, 2)),
    "quantised alpha": (QUANTISED, (24, 41), 4, (1, 1)),
}


@functools.cache
def encoded(name):
    arguments, shape, channels, tiles = FILES[name]
    tile_px = 0 if tiles == (1, 1) else 30
    settings = arguments["settings"] | {"tile_px": tile_px, "fit.learning_rate": 4e-3}
    image = scene(*shape, channels)
    return overtone.encode(image, codec="dfm", num_threads=1, **arguments | {"settings": settings})


@pytest.fixture(params=FILES)
def name(request):
    return request.param


def test_the_file_is_taken_apart_into_tiles(name):
    _, (height, width), _, (columns, rows) = FILES[name]
    network = overtone.open_network(encoded(name))
    assert (network.width, network.height) == (width, height)
    assert (network.columns, network.rows, len(network.tiles)) == (columns, rows, columns * rows)
    assert network.kind == name.split()[0]
    assert network.tiles[0].domain[:2] == (0, 0)
    assert network.tiles[-1].domain[2:] == (1, 1)


def test_at_the_pixel_centres_it_is_the_decoded_picture(name):
    data = encoded(name)
    network = overtone.open_network(data)
    values = network(network.pixel_centres)
    expected = overtone.decode(data)
    assert values.shape == expected.shape
    assert np.abs(255 * np.clip(values, 0, 1) - expected).max() <= 0.501
    _, (height, width), _, _ = FILES[name]
    j, i = height // 3, width - 2
    place = np.array([(i + 0.5) / width, (j + 0.5) / height])
    assert np.abs(255 * np.clip(network(place), 0, 1) - expected[j, i]).max() <= 0.501


def test_between_the_pixels_it_is_the_picture_decoded_larger(name):
    data = encoded(name)
    network = overtone.open_network(data)
    large = overtone.decode(data, scale=3)
    height, width, _ = large.shape
    y, x = np.mgrid[:height, :width]
    positions = np.stack([(x + 0.5) / width, (y + 0.5) / height], axis=-1)
    assert np.abs(255 * np.clip(network(positions), 0, 1) - large).max() <= 0.501


def test_the_order_of_positions_does_not_matter(name):
    network = overtone.open_network(encoded(name))
    places = np.random.default_rng(1).uniform(-0.2, 1.2, (50, 2))
    order = np.random.default_rng(2).permutation(50)
    assert np.isfinite(network(places)).all()
    np.testing.assert_allclose(network(places)[order], network(places[order]), atol=1e-6)
    np.testing.assert_array_equal(
        network(places.reshape(5, 10, 2)), network(places).reshape(5, 10, -1)
    )


def formula(tile, positions):
    """The sum as it is published, in float64, from the arrays of a tile alone."""
    x = (positions[:, :, None] * tile.spec.input_scales).reshape(len(positions), -1)
    for layer in tile.layers:
        angles = 2 * np.pi * x @ layer.frequencies.T.astype(float)
        y = np.cos(angles) @ layer.a.astype(float) + np.sin(angles) @ layer.b.astype(float)
        x = y + x if layer.has_residual else y
    outputs = np.tanh(x) if tile.spec.output == "tanh" else x
    return outputs @ tile.colour_matrix.T.astype(float) + tile.colour_offset


def own_positions(network, tile):
    """Pixel centres where a tile is alone, in the picture and in the tile."""
    left, top, right, bottom = tile.domain
    centres = network.pixel_centres.reshape(-1, 2)
    margin = np.array([9 / network.width, 9 / network.height])  # two margins of 4 pixels
    low, high = np.array([left, top]), np.array([right, bottom])
    inside = ((centres > low + margin) & (centres < high - margin)).all(axis=1)
    return centres[inside], (centres[inside] - low) / (high - low)


def test_the_arrays_and_the_formula_give_the_values(name):
    network = overtone.open_network(encoded(name))
    for tile in network.tiles:
        for layer, sizes in zip(tile.layers, tile.spec.layers, strict=True):
            shape = (2**sizes.num_inputs, sizes.num_outputs)
            assert layer.a.shape == layer.b.shape == shape
            assert layer.frequencies.shape == (2**sizes.num_inputs, sizes.num_inputs)
            assert len(np.unique(layer.frequencies, axis=0)) == 2**sizes.num_inputs
        centres, local = own_positions(network, tile)
        assert len(centres) > 5
        np.testing.assert_allclose(network(centres), formula(tile, local), atol=2e-4)


def test_the_module_of_pytorch_gives_the_values(name):
    network = overtone.open_network(encoded(name))
    for tile in network.tiles:
        module = FourierNetwork(tile.spec)
        module.load(tile.weights, tile.colour_matrix, tile.colour_offset)
        centres, local = own_positions(network, tile)
        values = module(torch.from_numpy(local).float()).detach().numpy()
        np.testing.assert_allclose(values, network(centres), atol=2e-4)


@pytest.mark.parametrize("path", ["'coffee.ovt'", "pathlib.Path('coffee.ovt')"])
def test_a_path_is_answered_with_what_to_do(path):
    """In a process of its own, for here types are checked before the function is entered."""
    script = f"import overtone, pathlib; overtone.open_network({path})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("overtone.errors.ConfigError: open_network takes the bytes of a file")
    assert "read it first" in last


def test_other_files_and_wrong_positions_are_refused():
    data = overtone.encode(scene(24, 41))
    with pytest.raises(ConfigError, match="of codec tiled-dct, which holds no network"):
        overtone.open_network(data)
    with pytest.raises(BitstreamError):
        overtone.open_network(b"nothing of the kind")
    with pytest.raises(BitstreamError):
        overtone.open_network(encoded("raw")[:-9])
    network = overtone.open_network(encoded("raw"))
    for wrong in (np.zeros((4, 3)), np.array(0.5), np.array([np.nan, 0])):
        with pytest.raises(ConfigError, match=r"finite, of shape \(\.\.\., 2\)"):
            network(wrong)


@pytest.mark.parametrize("has_residual", [False, True])
@pytest.mark.parametrize("num_inputs", [1, 3, 6])
def test_a_layer_is_the_published_sum(num_inputs, has_residual):
    torch.manual_seed(num_inputs)
    layer = FourierLayer(num_inputs, num_inputs, has_residual=has_residual).double()
    x = torch.rand(5, 7, num_inputs, dtype=torch.float64)
    expected = x.clone() if has_residual else torch.zeros_like(x)
    for k, a, b in zip(layer.frequencies, layer.a, layer.b, strict=True):
        angle = 2 * torch.pi * (x * k).sum(-1, keepdim=True)
        expected = expected + a * torch.cos(angle) + b * torch.sin(angle)
    torch.testing.assert_close(layer(x), expected)
    assert torch.autograd.gradcheck(layer, (x[0, :2].requires_grad_(),))


def test_a_residual_needs_equal_sizes():
    with pytest.raises(ValueError, match="as many outputs as inputs, got 3 and 2"):
        FourierLayer(2, 3, has_residual=True)


SPEC = NetSpec(input_scales=(0.5, 1.0), hidden=(3, 3, 2), num_outputs=3, output="tanh")


def test_a_network_has_the_values_and_gradients_of_the_kernel():
    weights = np.random.default_rng(0).normal(0, 0.1, SPEC.num_weights).astype(np.float32)
    module = FourierNetwork(SPEC)
    module.load(weights, np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    positions = torch.rand(2, 11)
    coefficients = torch.from_numpy(weights)[None].requires_grad_()
    expected = plain_fourier_nets(SPEC, coefficients, positions)[0].mT
    values = module(positions.mT)
    torch.testing.assert_close(values, expected)
    (gradient,) = torch.autograd.grad(expected.square().sum(), [coefficients])
    gradients = torch.autograd.grad(values.square().sum(), list(module.parameters()))
    torch.testing.assert_close(torch.cat([g.flatten() for g in gradients]), gradient[0])
    with pytest.raises(ValueError, match="weights must be"):
        module.load(weights[1:], np.eye(3, dtype=np.float32), np.zeros(3, np.float32))


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_fitted_network_learns_on(one_thread):
    image = scene(24, 41)
    network = overtone.open_network(encoded("raw"))
    module = overtone.FourierNetwork.from_tile(network.tiles[0])
    positions = torch.from_numpy(network.pixel_centres).float()
    target = torch.from_numpy(image / 255).float()
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-2)
    losses = []
    for _ in range(100):
        loss = (module(positions) - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


def test_a_network_makes_nothing_outside_its_device_and_precision():
    """The device "meta" holds shapes only; a tensor of another device in the sum would fail."""
    values = FourierNetwork(SPEC).to("meta")(torch.empty(5, 7, 2, device="meta"))
    assert (values.device.type, values.shape) == ("meta", (5, 7, 3))
    assert FourierNetwork(SPEC).double()(torch.zeros(4, 2).double()).dtype == torch.float64


def test_the_start_is_small_and_the_same_for_every_width():
    torch.manual_seed(0)
    for num_inputs in (2, 8):
        outputs = FourierLayer(num_inputs, 200)(torch.rand(1, num_inputs))
        assert 0.01 < outputs.std().item() < 0.02
    state = FourierNetwork(dataclasses.replace(SPEC, hidden=(2,))).state_dict()
    assert {"layers.0.a", "layers.0.b", "layers.0.frequencies"} <= state.keys()
