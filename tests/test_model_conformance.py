"""The contract of every registered model."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import signal

import numpy as np
import pytest
import torch
from toy_rows import distance
from toy_training import TOY_NETWORKS, TOY_TRAINING, toy_images, toy_settings

from overtone.config import preset_names
from overtone.data import ImageSet
from overtone.errors import ConfigError
from overtone.evaluate.distribution.sample_source import with_reconstruction
from overtone.models.base import AbstractModel, ImageSpec
from overtone.models.latent import AbstractLatentModel
from overtone.models.registry import MODELS, get_model_class
from overtone.models.store import load_model, save_model
from overtone.training.feed import ImageFeed
from overtone.training.plan import resolve_plan
from overtone.training.run import train

ROOT = pathlib.Path(__file__).parent.parent
SHAPES = [(12, 10, 1), (9, 20, 3)]
NAMES = sorted(MODELS)
DRAWING = [name for name in NAMES if get_model_class(name).draws_pictures]
CPU = torch.device("cpu")


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture(params=DRAWING)
def drawing(request) -> str:
    return request.param


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images_of(height: int, width: int, channels: int) -> ImageSet:
    pixels = np.random.default_rng(2).integers(0, 256, (16, height, width, channels), np.uint8)
    return ImageSet("noise", pixels, np.arange(16) % 2, ("even", "odd"))


def build(name: str, images: ImageSet, seed: int = 0) -> AbstractModel:
    plan = resolve_plan(name, assignments=(*TOY_NETWORKS[name], "train.steps=1"))
    model = get_model_class(name)(plan.network, ImageSpec.of(images), generator=generator(seed))
    model.begin(images, generator=generator(seed))
    return model


def losses_of(model: AbstractModel, images: ImageSet) -> dict[str, torch.Tensor]:
    batch = ImageFeed(images, CPU).batch(np.arange(8))
    return model.loss(batch, progress=0.5, generator=generator(1))


def pictures_of(model: AbstractModel, images: ImageSet, **options) -> torch.Tensor:
    """Four that it draws, or completes."""
    if model.draws_pictures:
        return model.sample(4, generator=generator(), **options)
    with torch.no_grad():
        return model.preview(4, images, generator=generator())


def second_losses_of(model: AbstractModel, images: ImageSet) -> dict[str, torch.Tensor] | None:
    batch = ImageFeed(images, CPU).batch(np.arange(8))
    return model.second_loss(batch, progress=0.5, generator=generator(2))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_losses_are_finite_scalars(name, shape):
    images = images_of(*shape)
    losses = losses_of(build(name, images), images)
    assert all(value.shape == () and value.isfinite() for value in losses.values())
    assert losses["loss"].requires_grad


def test_every_parameter_is_in_one_group_and_moves(name):
    images = images_of(12, 10, 3)
    model = build(name, images)
    grouped = [p for group in model.parameter_groups() for p in group.parameters]
    assert sorted(map(id, grouped)) == sorted(map(id, model.parameters()))
    before = {key: p.detach().clone() for key, p in model.named_parameters()}
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(2):  # two, so that what starts at zero lets others through
        optimizer.zero_grad()
        losses_of(model, images)["loss"].backward()
        optimizer.step()
        optimizer.zero_grad()
        second = second_losses_of(model, images)
        if second is not None:
            second["loss"].backward()
            optimizer.step()
    assert not [key for key, p in model.named_parameters() if torch.equal(before[key], p)]


def test_a_seed_makes_the_weights_and_nothing_else_does(name):
    images = images_of(9, 20, 1)
    torch.manual_seed(1)
    first = build(name, images).state_dict()
    torch.manual_seed(2)
    second = build(name, images).state_dict()
    other = build(name, images, seed=1).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_steps_and_samples_draw_from_their_generator_only(drawing):
    images = images_of(12, 10, 1)
    model = build(drawing, images)
    before = torch.get_rng_state()
    losses_of(model, images)["loss"].backward()
    model.finish(images, generator=generator())
    model.sample(2, generator=generator())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_samples_are_images_and_follow_the_seed(drawing, shape):
    height, width, channels = shape
    model = build(drawing, images_of(*shape))
    model.finish(images_of(*shape), generator=generator())
    drawn = [model.sample(3, generator=generator(seed)) for seed in (1, 1, 2)]
    assert drawn[0].shape == (3, channels, height, width)
    assert drawn[0].dtype == torch.float32
    assert drawn[0].min() >= -1
    assert drawn[0].max() <= 1
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_other_sizes_are_drawn_or_refused(drawing):
    model = build(drawing, images_of(12, 10, 3))
    model.finish(images_of(12, 10, 3), generator=generator())
    try:
        assert model.sample(2, generator=generator(), size=(25, 7)).shape == (2, 3, 25, 7)
    except ConfigError as error:
        assert "7x25" in str(error)  # noqa: PT017  (either is right)


def test_classes_are_drawn_from_or_refused(drawing):
    images = images_of(12, 10, 3)
    model = build(drawing, images)
    model.finish(images, generator=generator())
    labels = torch.tensor([0, 1, 1])
    assert model.sample(3, generator=generator(), labels=labels).shape == (3, 3, 12, 10)
    with pytest.raises(ConfigError, match=r"classes must be in 0\.\.1, got 1\.\.2"):
        model.sample(2, generator=generator(), labels=labels[1:] + torch.tensor([0, 1]))
    unlabelled = dataclasses.replace(images, labels=None, class_names=())
    model = build(drawing, unlabelled)
    model.finish(unlabelled, generator=generator())
    with pytest.raises(ConfigError, match="trained without classes"):
        model.sample(3, generator=generator(), labels=labels)


def test_guidance_is_followed_or_refused(drawing):
    images = images_of(12, 10, 3)
    model = build(drawing, images)
    model.finish(images, generator=generator())
    labels = torch.tensor([0, 1, 1])
    plain = model.sample(3, generator=generator(), labels=labels)
    assert torch.equal(plain, model.sample(3, generator=generator(), labels=labels, guidance=1.0))
    try:
        drawn = model.sample(3, generator=generator(), labels=labels, guidance=2.0)
        assert drawn.shape == (3, 3, 12, 10)
    except ConfigError as error:
        message = f"a {drawing} draws without guidance, which must be 1, not 2; leave out guidance"
        assert str(error) == message  # noqa: PT017  (either is right)


def test_its_file_gives_the_same_samples(name, tmp_path):
    images = images_of(9, 20, 3)
    model = build(name, images).eval()
    model.finish(images, generator=generator())
    save_model(tmp_path / "m.safetensors", model, {})
    loaded = load_model(tmp_path / "m.safetensors")
    assert loaded.config == model.config
    assert loaded.spec == model.spec
    for labels, temperature in ((None, 1.0), (torch.tensor([1, 0, 1, 1]), 0.5)):
        before, after = (
            pictures_of(m, images, labels=labels, temperature=temperature) for m in (model, loaded)
        )
        assert torch.equal(before, after)


def test_what_only_completes_pictures_says_so(name):
    if name not in DRAWING:
        with pytest.raises(ConfigError, match="draws none of its own"):
            build(name, images_of(12, 10, 3)).sample(2, generator=generator())


def test_latents_are_encoded_and_decoded(name):
    images = images_of(12, 10, 3)
    model = build(name, images)
    if not isinstance(model, AbstractLatentModel):
        return
    some = ImageFeed(images, CPU).batch(np.arange(5)).images
    if not model.has_encoder:
        with pytest.raises(ConfigError, match="has no encoder"):
            model.encode(some)
        row = distance(name, 1.0)
        assert with_reconstruction(row, model, images, seed=0) == row
        return
    latents = model.encode(some)
    assert latents.shape == (5, model.latent_dim)
    assert model.decode(latents).shape == (5, 3, 12, 10)
    assert model.training_latents(images).shape == (16, model.latent_dim)


def test_a_prior_that_is_not_there_is_refused(drawing):
    images = images_of(12, 10, 3)
    model = build(drawing, images)
    model.finish(images, generator=generator())
    with pytest.raises(ConfigError, match="prior mixtur"):
        model.sample(2, generator=generator(), prior="mixtur")


def test_training_lowers_the_loss_and_goes_on_bit_for_bit(name, tmp_path):
    images, settings = toy_images(), toy_settings(name)
    train(name, images, out=tmp_path / "whole", settings=settings, held_out=images)

    def stop(progress):
        if progress.step == 12:
            os.kill(os.getpid(), signal.SIGINT)

    result = train(name, images, out=tmp_path / "run", settings=settings, progress=stop)
    assert (result.status, result.step) == ("stopped", 12)
    train(data=images, out=tmp_path / "run", resume=True)
    whole, run = (load_model(tmp_path / each) for each in ("whole", "run"))
    drawn = [pictures_of(model, images) for model in (whole, run)]
    assert torch.equal(*drawn)
    if not whole.has_unseen_loss:
        return  # that of a table of latents, or against a critic, says nothing afterwards
    start = build(name, images)
    start.begin(images, generator=generator())
    losses = [losses_of(model, images)["loss"].item() for model in (start, whole)]
    assert losses[1] < losses[0]


def test_it_has_presets_and_a_page(name):
    assert preset_names(name)
    for preset in preset_names(name):
        resolve_plan(name, preset)
    assert f"`{name}`" in (ROOT / "docs" / "cli.md").read_text("utf-8")


def test_every_model_has_a_toy():
    assert TOY_NETWORKS.keys() == MODELS.keys()
    assert all(word.startswith("train.") for word in TOY_TRAINING)
