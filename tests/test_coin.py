"""The codec `coin`: sizes, settings, gradients, what a stranger's decoder computes."""

import concurrent.futures

import numpy as np
import pytest
import torch
from tests.helpers import scene

import overtone
from overtone.bitstream.container import Container
from overtone.codecs.coin.config import LADDER, quality_of, resolve
from overtone.codecs.coin.siren import Shape, from_flat, loss_gradient, start, to_flat, values
from overtone.errors import BitstreamError, ConfigError, FitError

QUICK = {"layers": 2, "width": 12, "steps": 300}
PAPER_BPP = {(5, 20): 0.07, (5, 30): 0.15, (10, 28): 0.3, (10, 40): 0.6, (13, 49): 1.2}


def torch_values(data, positions):
    """The network of a file in PyTorch, written from docs/format.md alone."""
    section = Container.from_bytes(data).sections[0]
    layers, width = section[:2]
    flat = torch.from_numpy(np.frombuffer(section[2:], "<f2").astype(np.float32))
    sizes = [2, *[width] * layers, int(Container.from_bytes(data).layout)]
    x = torch.from_numpy(positions)
    for index in range(layers + 1):
        inputs, outputs = sizes[index : index + 2]
        weight, flat = flat[: inputs * outputs].view(outputs, inputs), flat[inputs * outputs :]
        bias, flat = flat[:outputs], flat[outputs:]
        x = x @ weight.T + bias
        x = torch.sin(30 * x) if index < layers else x
    assert not len(flat)
    return x.numpy()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_format_is_what_the_page_says(channels):
    image = scene(24, 41, channels)
    data = overtone.encode(image, codec="coin", settings=QUICK, num_threads=1)
    y, x = np.mgrid[:24, :41]
    positions = np.stack([(2 * x + 1) / 41 - 1, (2 * y + 1) / 24 - 1], -1).astype(np.float32)
    expected = 255 * torch_values(data, positions).clip(0, 1)
    assert np.abs(overtone.decode(data) - expected).max() <= 0.51


def test_the_ladder_grows_and_holds_the_sizes_of_the_paper():
    sizes = [Shape(layers=n, width=w, num_outputs=3).num_weights for n, w in LADDER]
    assert sizes == sorted(set(sizes))
    for (layers, width), bpp in PAPER_BPP.items():
        assert (layers, width) in LADDER
        shape = Shape(layers=layers, width=width, num_outputs=3)
        assert 16 * shape.num_weights / (768 * 512) == pytest.approx(bpp, rel=0.07)
    config = resolve(None, "default", {})
    for place, (layers, width) in enumerate(LADDER):
        shape = config.shape_at(quality_of(place), 3)
        assert (shape.layers, shape.width) == (layers, width)


def test_gradients_are_those_of_pytorch_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    shape = Shape(layers=3, width=7, num_outputs=3)
    weights = start(shape, rng)
    positions = rng.uniform(-1, 1, (10_000, 2)).astype(np.float32)
    colours = rng.uniform(0, 1, (10_000, 3)).astype(np.float32)
    tensors = [[torch.tensor(part, requires_grad=True) for part in layer] for layer in weights]
    x = torch.from_numpy(positions)
    for matrix, bias in tensors[:-1]:
        x = torch.sin(30 * (x @ matrix + bias))
    loss = (x @ tensors[-1][0] + tensors[-1][1] - torch.from_numpy(colours)).square().mean()
    loss.backward()
    gradients = [tuple(np.asarray(part.grad) for part in layer) for layer in tensors]
    expected = to_flat([(a, b) for a, b in gradients])
    found = []
    for num_threads in (1, 3):
        with concurrent.futures.ThreadPoolExecutor(num_threads) as pool:
            found.append(loss_gradient(weights, positions, colours, pool.map))
    assert found[0][0] == pytest.approx(loss.item(), rel=1e-5)
    np.testing.assert_allclose(found[0][1], expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(found[0][1], found[1][1])
    again = from_flat(to_flat(weights), shape)
    np.testing.assert_array_equal(values(again, positions), values(weights, positions))


def test_a_size_is_met_by_one_fit():
    image = scene(24, 41)
    calls = []
    data = overtone.encode(
        image,
        codec="coin",
        size_bytes=6000,
        settings={"steps": 2},
        progress=lambda fraction, message: calls.append(message),
        num_threads=1,
    )
    assert 5500 < len(data) <= 6000
    assert not any("try" in message for message in calls)
    with pytest.raises(FitError, match=r"smallest network of coin takes 3\d+ bytes, over 100"):
        overtone.encode(image, codec="coin", size_bytes=100, settings={"steps": 2})


def test_settings_and_presets():
    image = scene(24, 41)
    data = overtone.encode(image, codec="coin", settings={**QUICK, "steps": 3}, num_threads=1)
    described = overtone.info(data)
    assert (described["layers"], described["layer_width"]) == (2, 12)
    paper = resolve("paper", "fast", {})
    assert (paper.steps, paper.learning_rate, paper.batch_px) == (50_000, 2e-4, 0)
    assert [resolve(None, effort, {}).steps for effort in ("fast", "default", "best")] == [
        500,
        5_000,
        50_000,
    ]
    for settings, words in (
        ({"layers": 3}, "layers and width go together"),
        ({"layers": 3, "width": 65}, "width must be in 1..64"),
        ({"widht": 3}, "unknown setting"),
    ):
        with pytest.raises(ConfigError, match=words):
            overtone.encode(image, codec="coin", settings=settings)
    with pytest.raises(ConfigError, match="has no quality"):
        overtone.encode(image, codec="coin", quality=40, settings=QUICK)


def test_weights_that_are_not_finite_are_refused():
    image = scene(8, 9)
    data = overtone.encode(image, codec="coin", settings={**QUICK, "steps": 2}, num_threads=1)
    container = Container.from_bytes(data)
    section = bytearray(container.sections[0])
    section[2:4] = np.float16(np.nan).tobytes()
    damaged = Container(5, 9, 8, container.layout, (bytes(section),), container.metadata)
    with pytest.raises(BitstreamError, match="not finite"):
        overtone.decode(damaged.to_bytes())
