"""The completer: what is given stays, at any size; windows show no seam; mistakes are named."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from helpers import scene
from toy_training import TOY_NETWORKS

from overtone import balance, sample
from overtone.bitstream.container import Metadata
from overtone.cli.main import main
from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.imaging.image import Picture, picture_to_bytes, read_picture
from overtone.models.base import ImageSpec, from_pixels
from overtone.models.dct_completer import complete as completing
from overtone.models.dct_completer.cells import enlarged, from_cells, split, to_cells, to_images
from overtone.models.dct_completer.model import DctCompleter
from overtone.models.store import save_model
from overtone.tasks.complete import colorize, upscale
from overtone.training.feed import ImageFeed
from overtone.training.plan import resolve_plan
from overtone.transform.color import rgb_to_ycbcr

SIZES = [(8, 12), (13, 7), (30, 45)]


def build(task: str, channels: int = 3, *settings: str) -> DctCompleter:
    toy = (*TOY_NETWORKS["dct-completer"], f"network.task={task}", "train.steps=1", *settings)
    spec = ImageSpec(height=12, width=16, channels=channels, num_images=4)
    network = resolve_plan("dct-completer", assignments=toy).network
    model = DctCompleter(network, spec, generator=torch.Generator().manual_seed(0))
    model.missing_deviation.fill_(0.02)
    model.residual_deviation.fill_(0.02)
    return model


def pictures_of(height: int, width: int, count: int = 2) -> np.ndarray:
    return np.stack([scene(height, width, seed=seed) for seed in range(count)])


@pytest.fixture(scope="module")
def painter():
    return build("colorize")


@pytest.fixture(scope="module")
def enlarger():
    return build("upscale", 3, "network.num_heads=0")


def test_cells_are_orthonormal_and_come_back():
    planes = torch.randn(2, 3, 8, 12, generator=torch.Generator().manual_seed(1))
    cells = to_cells(planes, 4)
    assert cells.shape == (2, 48, 2, 3)
    torch.testing.assert_close(cells.square().sum(), planes.square().sum())
    torch.testing.assert_close(
        cells[:, 0], planes[:, 0].unfold(1, 4, 4).unfold(2, 4, 4).mean((3, 4)) * 4
    )
    torch.testing.assert_close(from_cells(cells, 4), planes)


@pytest.mark.parametrize("channels", [1, 3])
def test_given_and_missing_to_enlarge_are_the_whole_picture(channels):
    images = from_pixels(torch.from_numpy(pictures_of(8, 12)[..., :channels]))
    given, missing = split(images, "upscale", 2)
    assert (given.shape, missing.shape) == ((2, channels, 4, 6), (2, 3 * channels, 4, 6))
    torch.testing.assert_close(to_images(enlarged(given, missing)), images)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_luma_comes_back_at_any_size_and_results_differ(painter, height, width):
    images = pictures_of(height, width)
    results = colorize(painter, images, num_results=3, seed=1)
    assert results.shape == (2, 3, height, width, 3)
    luma = rgb_to_ycbcr(images)[..., 0]
    assert np.abs(rgb_to_ycbcr(results)[..., 0].astype(int) - luma[:, None].astype(int)).max() <= 1
    assert not np.array_equal(results[:, 0], results[:, 1])
    np.testing.assert_array_equal(colorize(painter, images, num_results=3, seed=1), results)
    np.testing.assert_array_equal(
        colorize(painter, luma[..., None], num_results=3, seed=1), results
    )


@pytest.mark.parametrize(
    ("height", "width", "scale"), [(33, 33, 1), (45, 31, 1), (12, 27, 1), (39, 57, 3), (26, 54, 2)]
)
def test_colours_are_in_place_where_sides_are_odd(height, width, scale, monkeypatch):
    """True chroma in the network's place, a ramp along both sides, comes back as that ramp."""
    small_height, small_width = height // scale, width // scale
    model = build("colorize", 3, f"network.work_side={min(small_height, small_width)}")

    def ramp(y: np.ndarray, x: np.ndarray) -> np.ndarray:  # of fractions of height and width
        return np.stack([0.5 * (y[:, None] + 0 * x - 0.5), 0.5 * (0 * y[:, None] + x - 0.5)])

    rows, columns = (2 * -(-length // 8) for length in (small_height, small_width))
    centres = [2 * np.arange(2 * count) + 1 for count in (rows, columns)]
    chroma = ramp(centres[0] / small_height, centres[1] / small_width)
    cells = to_cells(torch.from_numpy(chroma).float()[None], 2)
    monkeypatch.setattr(model, "complete", lambda given, **_: cells.expand(len(given), -1, -1, -1))
    gray = np.full((1, height, width, 1), 128, np.uint8)
    found = rgb_to_ycbcr(colorize(model, gray))[0, 0, ..., 1:].astype(float)
    wanted = ramp((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width)
    errors = np.abs(found - (128 + 127.5 * wanted.transpose(1, 2, 0)))
    edge = 1 if scale == 1 else 4 * scale  # there lines end, and means of 3x3 are of fewer
    assert errors[edge:-edge, edge:-edge].max() < 1.1  # of 255


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_means_of_2x2_pixels_stay_at_any_size(enlarger, height, width):
    images = pictures_of(height, width) // 2 + 64  # far from clipping
    results = upscale(enlarger, images, num_results=2)
    assert results.shape == (2, 2, 2 * height, 2 * width, 3)
    means = results.reshape(2, 2, height, 2, width, 2, 3).mean((3, 5))
    assert np.abs(means - images[:, None]).max() <= 0.5
    assert not np.array_equal(results[:, 0], results[:, 1])


def test_a_temperature_of_0_is_the_mean_and_averages_come_near_it(painter, enlarger):
    images = pictures_of(8, 12)
    for verb, model in ((colorize, painter), (upscale, enlarger)):
        mean = verb(model, images, temperature=0, num_results=2).astype(int)
        np.testing.assert_array_equal(mean[:, 0], mean[:, 1])
        one = np.abs(verb(model, images, temperature=1) - mean[:, :1]).mean()
        many = np.abs(verb(model, images, average=64).astype(int) - mean[:, :1]).mean()
        assert many < one / 2


def test_one_enlargement_is_the_best_guess_and_several_are_drawn(enlarger):
    images = pictures_of(8, 12)
    mean = upscale(enlarger, images, temperature=0)
    np.testing.assert_array_equal(upscale(enlarger, images), mean)
    drawn = upscale(enlarger, images, num_results=2)
    np.testing.assert_array_equal(drawn, upscale(enlarger, images, num_results=2, temperature=1))
    assert not np.array_equal(drawn[:, 0], mean[:, 0])
    assert not np.array_equal(upscale(enlarger, images, average=2), mean)


def test_windows_show_no_seam(enlarger, monkeypatch):
    images = pictures_of(20, 34, count=1)
    whole = upscale(enlarger, images, seed=3, temperature=1)
    monkeypatch.setattr(completing, "WINDOW", 8)
    monkeypatch.setattr(completing, "HALO", 20)
    windows = upscale(enlarger, images, seed=3, temperature=1)
    assert np.abs(windows.astype(int) - whole.astype(int)).max() <= 1


@pytest.mark.parametrize("preset", ["cifar10-upscale", "cifar10-upscale-gpu"])
def test_windows_of_networks_as_deep_as_the_presets_show_no_seam(preset, monkeypatch):
    narrow = ("network.width=8", "network.flow_width=8", "network.num_steps=6")
    network = resolve_plan("dct-completer", preset=preset, assignments=narrow).network
    spec = ImageSpec(height=12, width=16, channels=3, num_images=4)
    model = DctCompleter(network, spec, generator=torch.Generator().manual_seed(0))
    model.missing_deviation.fill_(0.1)
    model.residual_deviation.fill_(0.1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("last.weight", "exit.weight")):
                weight.mul_(10)  # as large as other layers': nothing fades with distance by itself
    images = pictures_of(8, 72, count=1)
    whole = upscale(model, images, seed=3, temperature=1).astype(int)
    monkeypatch.setattr(completing, "WINDOW", 36)
    assert np.abs(upscale(model, images, seed=3, temperature=1).astype(int) - whole).max() <= 1
    monkeypatch.setattr(completing, "HALO", 0)
    assert np.abs(upscale(model, images, seed=3, temperature=1).astype(int) - whole).max() > 2


def test_factors_of_two_are_taken_again_and_again(enlarger):
    images = pictures_of(5, 6, count=3)
    results = upscale(enlarger, images, factor=4, num_results=2)
    assert results.shape == (3, 2, 20, 24, 3)
    means = results.reshape(3, 2, 5, 4, 6, 4, 3).mean((3, 5))
    assert np.abs(means - images[:, None]).mean() < 2


def test_only_colours_have_attention_where_nothing_says():
    spec = ImageSpec(height=12, width=16, channels=3, num_images=4)
    for task, has_attention in (("colorize", True), ("upscale", False)):
        network = resolve_plan("dct-completer", assignments=[f"network.task={task}"]).network
        model = DctCompleter(network, spec, generator=torch.Generator().manual_seed(0))
        for net in (model.mean_net, model.flow_net):
            assert (net.attention is not None) == has_attention


def test_progress_is_of_all_doublings(enlarger):
    seen = []
    upscale(enlarger, pictures_of(5, 6), factor=8, progress=lambda done, _: seen.append(done))
    assert seen == sorted(seen)
    assert seen == pytest.approx([3 / 63, 15 / 63, 1])


def test_results_of_too_many_pixels_are_refused_before_work(painter, enlarger, monkeypatch):
    for model in (painter, enlarger):
        monkeypatch.setattr(model, "complete", lambda *_, **__: pytest.fail("work was begun"))
    images = pictures_of(5, 6)
    with pytest.raises(ConfigError, match=r"2 pictures of 49152x40960 pixels are over the limit"):
        upscale(enlarger, images, factor=8192)
    with pytest.raises(ConfigError, match=r"6000000 pictures of 12x10 pixels are over the limit"):
        upscale(enlarger, images, num_results=3000, average=1000)
    with pytest.raises(ConfigError, match=r"20000000 pictures of 6x5 pixels are over the limit"):
        colorize(painter, images, num_results=10**7)


def test_a_picture_does_not_depend_on_those_beside_it(enlarger):
    images = pictures_of(6, 9, count=3)
    together = upscale(enlarger, images, seed=4, temperature=0)
    alone = np.concatenate([upscale(enlarger, own[None], seed=4, temperature=0) for own in images])
    assert np.abs(together.astype(int) - alone.astype(int)).max() <= 1


def test_training_lowers_both_losses_on_colours_that_follow_luma():
    shades = np.random.default_rng(0).integers(40, 200, (64, 12, 16, 1))
    pixels = np.concatenate([shades, shades // 2, 240 - shades], 3).astype(np.uint8)
    images = ImageSet("shades", pixels, None, ())
    model = build("colorize")
    generator = torch.Generator().manual_seed(0)
    model.begin(images, generator=generator)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    seen = []
    for _ in range(40):
        batch = ImageFeed(images, torch.device("cpu")).batch(np.arange(64))
        losses = model.loss(batch, progress=0.0, generator=generator)
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
        seen.append((losses["mean_loss"].item(), losses["flow_loss"].item()))
    assert seen[-1][0] < seen[0][0] / 4
    assert seen[-1][1] < seen[0][1]


@pytest.mark.parametrize("gain", [1.0, 2.0, 5.0])
def test_residuals_are_drawn_as_widely_as_they_are(gain, monkeypatch):
    """Of a flow that widens noise: its own scale does not matter, the pictures' does."""
    model = build("upscale")
    monkeypatch.setattr(model, "_velocity", lambda x, *_: math.log(gain) * x)
    images = ImageSet("scenes", pictures_of(12, 16, count=40), None, ())
    model.finish(images, generator=torch.Generator().manual_seed(0))
    given, missing = split(from_pixels(torch.from_numpy(images.images)), "upscale", 2)
    with torch.no_grad():
        error = (missing - model.complete(given)).square().mean()
        noise = torch.randn(missing.shape, generator=torch.Generator().manual_seed(1))
        drawn = model.complete(given, noise=noise) - model.complete(given)
    assert drawn.square().mean() / error == pytest.approx(1, rel=0.1)


def test_the_commands_write_pictures_of_any_size(painter, enlarger, tmp_path, capsys):
    for number, size in enumerate([(9, 14), (20, 11)]):
        picture = Picture(scene(*size, seed=number), Metadata())
        (tmp_path / f"{number}.png").write_bytes(picture_to_bytes(picture, ".png"))
    inputs = [str(tmp_path / f"{number}.png") for number in range(2)]
    for verb, model, scale in (("colorize", painter, 1), ("upscale", enlarger, 2)):
        save_model(tmp_path / "m.safetensors", model, {})
        file, out = str(tmp_path / "m.safetensors"), tmp_path / verb
        assert main([verb, file, *inputs, "-o", str(out), "-n", "2", "--originals"]) == 0
        assert sorted(p.name for p in out.iterdir()) == [
            f"{number}-{title}.png" for number in range(2) for title in ("0", "1", "original")
        ]
        assert read_picture(str(out / "1-0.png")).pixels.shape == (scale * 20, scale * 11, 3)
        assert main([verb, file, inputs[0], "-o", str(tmp_path / f"{verb}.png")]) == 0
        assert read_picture(str(tmp_path / f"{verb}.png")).pixels.shape[:2] == (
            scale * 9,
            scale * 14,
        )
        assert main([verb, file, *inputs, "-o", str(tmp_path / "both.png")]) == 2
        assert "2 sizes do not fit one file" in capsys.readouterr().err


def test_commands_that_draw_say_that_it_only_completes(enlarger, tmp_path):
    save_model(tmp_path / "m.safetensors", enlarger, {})
    images = ImageSet("own", pictures_of(12, 16, 3), np.array([0, 0, 1]), ("hat", "bag"))
    message = "a dct-completer completes pictures that it is given and draws none of its own"
    with pytest.raises(ConfigError, match=message):
        balance(images, tmp_path / "out", model=tmp_path / "m.safetensors")
    assert not (tmp_path / "out").exists()
    with pytest.raises(ConfigError, match=message):
        sample(enlarger, 1, class_name="hat")


def test_mistakes_are_named(painter, enlarger):
    images = pictures_of(8, 12)
    with pytest.raises(ConfigError, match=r"task=upscale is needed.*is colorize"):
        upscale(painter, images)
    with pytest.raises(ConfigError, match=r"factor must be 2, 4, 8, \.\.\., got 3"):
        upscale(enlarger, images, factor=3)
    with pytest.raises(ConfigError, match="takes 3 channels, these pictures have 1"):
        upscale(enlarger, images[..., :1])
    with pytest.raises(ConfigError, match="not told classes"):
        colorize(painter, images, class_name="cat")
    with pytest.raises(ConfigError, match=r"at least 1 result.*got 1 of 0"):
        colorize(painter, images, average=0)
    with pytest.raises(ConfigError, match="needs colour pictures"):
        build("colorize", 1)
