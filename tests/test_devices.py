"""Models on any device: what can be checked without a card, and comparisons for one that is."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import torch
from experiments.gpu.equality import Check, checks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from toy_training import TOY_NETWORKS, toy_images

import overtone
from overtone.data import ImageSet
from overtone.errors import CheckpointError, ConfigError, TrainError
from overtone.kernels import fourier
from overtone.kernels.fourier import NetSpec, Runner
from overtone.models.base import AbstractModel, Batch, ImageSpec
from overtone.models.compute import card_name, matrix_products, normal_noise, torch_device
from overtone.models.registry import MODELS, get_model_class
from overtone.training import loop
from overtone.training.feed import ImageFeed
from overtone.training.plan import resolve_plan
from overtone.training.run import train
from overtone.training.state import TrainState, compile_networks

CPU, META = torch.device("cpu"), torch.device("meta")
HEIGHT, WIDTH = 9, 20
# Its lists are made on the processor, so a device without values cannot take its place.
ON_META = sorted(set(MODELS) - {"dct-transformer", "pca"})
IMAGES = ImageSet(
    "noise",
    np.random.default_rng(2).integers(0, 256, (40, 32, 32, 3), np.uint8),
    np.arange(40) % 10,
    tuple("abcdefghij"),
)
# Operations that take tensors of two devices on a card.
COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
CHECKS = list(checks(IMAGES, 4, None))


def built(name: str) -> AbstractModel:
    pixels = np.random.default_rng(2).integers(0, 256, (16, HEIGHT, WIDTH, 3), np.uint8)
    images = ImageSet("noise", pixels, np.arange(16) % 2, ("even", "odd"))
    plan = resolve_plan(name, assignments=(*TOY_NETWORKS[name], "train.steps=1"))
    model = get_model_class(name)(
        plan.network, ImageSpec.of(images), generator=torch.Generator().manual_seed(0)
    )
    model.begin(images, generator=torch.Generator().manual_seed(0))
    return model


class OneDevice(TorchDispatchMode):
    """Refuses what a card refuses: operations, besides copies, on tensors of several devices."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
        devices = {tensor.device.type for tensor in tensors if tensor.dim()}
        if len(devices) > 1 and func not in COPIES:
            raise RuntimeError(f"{func} on {sorted(devices)}")
        return func(*args, **(kwargs or {}))


def test_mixed_devices_are_noticed():
    with OneDevice(), pytest.raises(RuntimeError, match=r"mm.* on \['cpu', 'meta'\]"):
        torch.matmul(torch.empty(2, 2, device=META), torch.ones(2, 2))


@pytest.mark.parametrize("name", ON_META)
def test_a_step_mixes_no_devices(name, monkeypatch):
    """On PyTorch's device without values, which stands for a card."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())
    model = built(name).to(META)
    batch = Batch(
        torch.empty(8, 3, HEIGHT, WIDTH, device=META),
        torch.empty(8, dtype=torch.int64, device=META),
        torch.empty(8, dtype=torch.int64, device=META),
    )
    with OneDevice():
        for loss in (model.loss, model.second_loss):
            losses = loss(batch, progress=0.5, generator=torch.Generator().manual_seed(1))
            if losses is not None:
                losses["loss"].backward()
                assert losses["loss"].device == META
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients
    assert all(gradient.device == META for gradient in gradients)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a card")
def test_a_card_computes_what_the_processor_does(check: Check):
    with matrix_products("float32"):
        assert check.error(torch.device("cuda")) <= check.tolerance


@pytest.mark.parametrize(
    "check", [c for c in CHECKS if c.name.startswith("fourier ")], ids=lambda check: check.name
)
def test_plain_pytorch_computes_what_the_kernel_does(check: Check):
    assert check.error(CPU) <= check.tolerance


@pytest.mark.parametrize("has_labels", [True, False])
def test_a_set_that_the_device_keeps_gives_the_same_batches(has_labels):
    images = toy_images()
    if not has_labels:
        images = ImageSet("plain", images.images)
    indices = np.array([3, 0, 3, 7], np.int64)
    copied = ImageFeed(images, CPU).batch(indices)
    kept = ImageFeed(images, CPU, is_kept=True).batch(indices)
    assert torch.equal(copied.images, kept.images)
    assert torch.equal(copied.indices, kept.indices)
    assert (copied.labels is None) is (not has_labels)
    if copied.labels is not None and kept.labels is not None:
        assert torch.equal(copied.labels, kept.labels)
    assert copied.images.shape[2] != copied.images.shape[3]


def test_a_checkpoint_of_another_device_begins_its_noise_anew():
    plan = resolve_plan("vae", assignments=(*TOY_NETWORKS["vae"], "train.steps=4"))
    states = [TrainState.start(built("vae"), plan.train) for _ in range(3)]
    tensors, record = states[0].tensors(), states[0].record() | {"step": 3}
    foreign = {n: t for n, t in tensors.items() if n != "generator"} | {
        "generator.cuda": torch.zeros(16, dtype=torch.uint8)
    }
    for state in states[1:]:
        state.restore(foreign, record)
    draws = [torch.rand(4, generator=state.generator) for state in states]
    assert torch.equal(draws[1], draws[2])
    assert not torch.equal(draws[0], draws[1])
    with pytest.raises(CheckpointError, match="no state of a generator"):
        states[1].restore({n: t for n, t in tensors.items() if n != "generator"}, record)


def test_losses_that_are_read_together_name_their_step(tmp_path, monkeypatch):
    """As on a card, where the loop does not wait for each loss."""
    monkeypatch.setitem(loop.READ_TOGETHER, "cpu", 4)
    model_class = get_model_class("vae")
    original, calls = model_class.loss, []

    def explode(self, batch, *, progress, generator):
        losses = original(self, batch, progress=progress, generator=generator)
        calls.append(1)
        return losses | {"loss": losses["loss"] * (float("inf") if len(calls) == 6 else 1)}

    monkeypatch.setattr(model_class, "loss", explode)
    settings = (*TOY_NETWORKS["vae"], "train.steps=20", "train.batch_size=4")
    with pytest.raises(TrainError, match="the loss is inf at step 6"):
        train("vae", toy_images(), out=tmp_path / "run", settings=settings, device="cpu")
    assert len(calls) == 8


def test_reading_losses_together_changes_no_weight(tmp_path, monkeypatch):
    settings = (*TOY_NETWORKS["vae"], "train.steps=10", "train.batch_size=4")
    settings += ("train.num_threads=1", "train.ema_decay=0.9")
    ends = []
    for together in (1, 4):
        monkeypatch.setitem(loop.READ_TOGETHER, "cpu", together)
        out = tmp_path / str(together)
        train("vae", toy_images(), out=out, settings=settings, device="cpu")
        ends.append(overtone.load_model(out).state_dict())
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_products_are_as_exact_as_asked_and_as_before_afterwards():
    def now() -> tuple[str, bool]:
        return torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32

    before = now()
    with matrix_products("float32"):
        assert now() == ("highest", False)
        with matrix_products("tf32"):
            assert now() == ("high", True)
        assert now() == ("highest", False)
    assert now() == before


def test_noise_is_the_generators_whatever_the_device():
    first, second = (torch.Generator().manual_seed(4) for _ in range(2))
    expected = torch.randn(3, 5, generator=first)
    assert torch.equal(normal_noise((3, 5), second, CPU), expected)
    assert normal_noise((3, 5), second, META).device == META


def test_networks_are_compiled_where_it_pays_and_refused_elsewhere(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda call: call)
    with pytest.raises(ConfigError, match="a vae has no network to compile"):
        compile_networks(built("vae"))
    model = built("series-generator")
    names = [*model.state_dict()]
    compile_networks(model)
    assert [*model.state_dict()] == names
    assert all(getattr(model, name)._compiled_call_impl is not None for name in model.networks)


def test_a_processor_has_no_cards_name():
    assert card_name(CPU) is None
    assert torch_device("cpu") == CPU


def test_without_the_kernel_the_processor_says_what_to_do(monkeypatch):
    monkeypatch.setattr(fourier, "_fourier", fourier.MissingKernels("no such module"))
    with pytest.raises(ConfigError, match="run make setup, or give device cuda"):
        Runner(NetSpec())
