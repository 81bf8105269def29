"""Model files: what they hold, where they are found, and what is refused."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from toy_training import TOY_NETWORKS, toy_images

import overtone
from overtone import shipped
from overtone.errors import ModelError
from overtone.files import write_atomically
from overtone.models import store
from overtone.models.base import ImageSpec
from overtone.models.registry import MODELS, get_model_class
from overtone.models.store import (
    class_titles,
    load_model,
    read_summary,
    save_model,
    shipped_models,
)
from overtone.models.tensor_file import TensorFile, _checksum
from overtone.models.vae.model import Vae
from overtone.training.plan import resolve_plan

PRESETS = pathlib.Path(overtone.__file__).parent / "presets"


@pytest.fixture
def model():
    config = resolve_plan("vae", assignments=(*TOY_NETWORKS["vae"], "train.steps=1")).network
    return Vae(config, ImageSpec.of(toy_images()), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def path(model, tmp_path):
    save_model(tmp_path / "model.safetensors", model, {"steps": 24})
    return tmp_path / "model.safetensors"


def changed(path, record=None, **metadata):
    """The file with other metadata and a checksum as it should be."""
    file = TensorFile.read(path, "model")
    path.write_bytes(
        TensorFile("model", file.tensors, {**file.record, **(record or {})}).to_bytes()
    )
    if metadata:
        tensors = load_file(path)
        length = int.from_bytes(path.read_bytes()[:8], "little")
        old = json.loads(path.read_bytes()[8 : 8 + length])["__metadata__"]
        save_file(tensors, path, {**old, **metadata})


def test_a_file_describes_itself(model, path):
    record = read_summary(path)
    assert record["model"] == "vae"
    assert record["version"] == overtone.__version__
    assert record["config"]["channels"] == [4, 6]
    assert record["spec"]["height"] == 12
    assert record["normalisation"] == "value = level / 127.5 - 1"
    assert record["summary"] == {"steps": 24}
    loaded = load_model(path)
    assert not loaded.training
    state = model.state_dict()
    assert all(torch.equal(state[name], t) for name, t in loaded.state_dict().items())


def test_a_run_is_loaded_by_its_folder_and_a_shipped_model_by_its_name(path, monkeypatch):
    assert load_model(path.parent).config == load_model(path).config
    monkeypatch.setattr(store, "shipped_models", lambda: {"toy": path})
    assert load_model("toy").config == load_model(path).config
    with pytest.raises(ModelError, match=r"no model or file toys; did you mean toy\?"):
        load_model("toys")
    monkeypatch.chdir(path.parent.parent)
    pathlib.Path("toy").mkdir()  # data, perhaps; it holds no model
    assert load_model("toy").config == load_model(path).config


def test_without_the_package_of_models_there_are_none_and_the_error_says_how_to_get_it(
    path, monkeypatch
):
    monkeypatch.setattr(shipped, "_folder", lambda name: None)
    assert shipped_models() == {}
    assert class_titles("fashion-mnist") == ()
    with pytest.raises(ModelError, match=r"file mnist; .*: pip install overtone-image-models$"):
        load_model("mnist")
    load_model(path)  # files of one's own need no package


def test_half_the_size_costs_some_precision(model, path):
    size = path.stat().st_size
    save_model(path, model, {}, dtype="float16")
    assert path.stat().st_size < 0.8 * size
    state = load_model(path).state_dict()
    for name, tensor in model.state_dict().items():
        assert state[name].dtype == tensor.dtype
        torch.testing.assert_close(state[name], tensor, rtol=2**-11, atol=2**-24)


def test_every_shipped_model_loads():
    for name in shipped_models():
        assert load_model(name).sample(1, generator=torch.Generator()).isfinite().all()


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.3, 0.9, 0.9999])
def test_a_file_that_was_cut_short_is_refused(path, fraction):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * fraction)])
    with pytest.raises(ModelError, match=r"model\.safetensors: this (is no|file is damaged)"):
        load_model(path)


def test_any_changed_byte_is_noticed(path):
    data = path.read_bytes()
    for offset in np.random.default_rng(0).integers(0, len(data), 60):
        damaged = bytearray(data)
        damaged[offset] ^= 1 << (offset % 8)
        path.write_bytes(damaged)
        with pytest.raises(ModelError):
            load_model(path)


def test_foreign_files_are_refused(tmp_path):
    (tmp_path / "text").write_text("no model at all")
    with pytest.raises(ModelError, match="this is no safetensors file"):
        load_model(tmp_path / "text")
    save_file({"x": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="is not from Overtone, a model is expected"):
        load_model(tmp_path / "other.safetensors")
    write_atomically(tmp_path / "c.safetensors", TensorFile("checkpoint", {}, {}).to_bytes())
    with pytest.raises(ModelError, match="is an Overtone checkpoint, a model is expected"):
        load_model(tmp_path / "c.safetensors")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"model": "diffusion"}, "unknown model diffusion"),
        ({"config": {"latent_dims": 3}}, "unknown setting config.latent_dims"),
        ({"config": {"latent_dim": 4}}, "does not fit"),
        ({"spec": {"height": 0}}, "does not fit"),
        ({"normalisation": "value = level"}, "unknown normalisation"),
        ({"version": "9.0", "model": "next"}, "written by Overtone 9.0, does not fit"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(path, record, message):
    changed(path, record)
    with pytest.raises(ModelError, match=message):
        load_model(path)


def test_a_newer_layout_is_refused(path):
    changed(path, layout_version="2")
    with pytest.raises(ModelError, match="layout version 2 of this file is not 1; it may need a"):
        load_model(path)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"holds no model\.safetensors; it is no finished run"):
        load_model(tmp_path)


def test_a_model_is_compared_with_its_file_before_memory_is_taken(path, monkeypatch):
    """A height of a thousand million would take gigabytes, and so would as many layers."""
    changed(path, {"spec": {"height": 4000, "width": 4000, "channels": 1, "num_images": 9}})
    devices = []
    real = Vae.__init__

    def build(self, *given, **named):
        devices.append(torch.get_default_device().type)
        real(self, *given, **named)

    monkeypatch.setattr(Vae, "__init__", build)
    with pytest.raises(ModelError, match="size mismatch"):
        load_model(path)
    assert devices == ["meta"]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"spec": {"height": 10**9, "width": 12, "channels": 1, "num_images": 9}}, "16777216"),
        ({"spec": [1]}, "must be a table"),
        ({"spec": None}, "must be a table"),
        ({"config": [1]}, "fit"),
        ({"config": 3}, "fit"),
        ({"config": {"latent_dim": 10**12}}, "fit"),
        ({"config": {"latent_dim": 10**400}}, "fit"),
        ({"config": {"channels": [[1]]}}, "fit"),
        ({"config": {"channels": [2] * 5000}}, "fit"),
        ({"model": ["vae"]}, "fit"),
        ({"model": None}, "fit"),
        ({"version": {"a": 1}, "model": "next"}, "fit"),
    ],
)
def test_odd_records_are_one_error(path, record, message):
    changed(path, record)
    with pytest.raises(ModelError, match=message) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["[]", "3", "null", "[" * 100_000, '"a"'])
def test_a_record_that_is_no_table_is_damage(path, text):
    file = TensorFile.read(path, "model")
    tensors = {name: t.contiguous() for name, t in file.tensors.items()}
    metadata = {
        "overtone": "model",
        "layout_version": "1",
        "record": text,
        "checksum": _checksum(text, tensors),
    }
    save_file(tensors, path, metadata)
    with pytest.raises(ModelError, match="damaged"):
        load_model(path)


@pytest.mark.parametrize(
    "header", [b"[]", b"{}", b'{"__metadata__": []}', b'{"__metadata__": {"overtone": 3}}']
)
def test_a_header_of_another_shape_is_refused(path, header):
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelError):
        load_model(path)


def test_settings_with_more_weights_than_the_file_stop_early(monkeypatch, path):
    layers = []
    real = torch.nn.Linear.__init__

    def build(self, *given, **named):
        layers.append(1)
        real(self, *given, **named)

    toy = (*TOY_NETWORKS["series-generator"], "train.steps=1")
    config = resolve_plan("series-generator", assignments=toy).network
    kind = get_model_class("series-generator")
    spec = ImageSpec.of(toy_images())
    model = kind(config, spec, generator=torch.Generator().manual_seed(1))
    save_model(path, model, {})
    hidden = {**read_summary(path)["config"], "decoder_hidden": [4] * 100_000}
    changed(path, {"config": hidden})
    monkeypatch.setattr(torch.nn.Linear, "__init__", build)
    with pytest.raises(ModelError, match="more weights than the file has"):
        load_model(path)
    assert len(layers) < 1000


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_preset_is_built_without_memory_for_its_values(name):
    """What `load_model` compares with a file first; see docs/guide/add-a-model.md."""
    spec = ImageSpec(height=64, width=96, channels=3, num_images=5000, class_names=("a", "b"))
    presets = sorted(path.stem for path in (PRESETS / name).glob("*.toml"))
    assert presets
    for preset in presets:
        config = resolve_plan(name, preset=preset, assignments=["train.steps=1"]).network
        with torch.device("meta"):
            model = get_model_class(name)(config, spec, generator=torch.Generator("cpu"))
        devices = {t.device.type for t in (*model.parameters(), *model.buffers())}
        assert devices == {"meta"}, f"{name}, {preset}"
