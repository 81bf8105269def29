"""Files with the names that tensors and settings once had are read by their present names."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest
import torch
from toy_training import toy_images, toy_settings

from overtone.kernels.fourier import supported_isas
from overtone.kernels.transformer import SUMS_VERSION
from overtone.models.base import AbstractModel, ImageSpec
from overtone.models.dct_transformer.model import DctTransformer
from overtone.models.registry import get_model_class
from overtone.models.store import find_model, load_model
from overtone.models.tensor_file import TensorFile
from overtone.training.plan import DataRecord, read_plan, resolve_plan, write_plan
from overtone.training.state import TrainState

# As they stood in the first version, whose files are known by them.
FIRST_SETTINGS = (
    *("block_size", "quality", "order", "width", "num_heads", "encoder_layers", "channel_layers"),
    *("position_layers", "value_layers", "feed_forwards", "feed_forward_width", "surroundings"),
    *(
        "encoder_stride",
        "chunk_size",
        "overlap",
        "early_floor",
        "dropout",
        "class_dropout",
        "top_p",
    ),
)
SETTINGS = (*toy_settings("dct-transformer"), "network.causal_neighbourhood=true")


def toy_state(seed: int = 0) -> TrainState:
    plan = resolve_plan("dct-transformer", None, SETTINGS)
    spec = ImageSpec.of(toy_images())
    model = get_model_class(plan.model)(
        plan.network, spec, generator=torch.Generator().manual_seed(seed)
    )
    return TrainState.start(model, plan.train)


def former(model: type[AbstractModel], name: str) -> str:
    for before, now in model.former_tensors.items():
        if name.startswith(now):
            return before + name.removeprefix(now)
    return name


def test_a_shipped_model_with_former_names_has_its_weights_in_place():
    file = TensorFile.read(find_model("fashion-mnist-dct"), "model")
    assert file.record["config"]["surroundings"]
    model = load_model("fashion-mnist-dct")
    assert isinstance(model, DctTransformer)
    net = model.net
    assert net.neighbourhood is not None
    for former_name, module in {
        "place": net.token_index,
        "surroundings.inner": net.neighbourhood.inner,
        "field_norms.0": net.channel_norms["channel"],
        "field_norms.1": net.channel_norms["position"],
        "field_norms.2": net.channel_norms["value"],
        "field_norms.3": net.position_norms["hidden"],
        "field_norms.4": net.position_norms["channel"],
        "field_norms.5": net.value_norms["hidden"],
        "field_norms.6": net.value_norms["position"],
        "field_norms.7": net.value_norms["encoder"],
        "field_norms.8": net.value_norms["neighbourhood"],
    }.items():
        stored = file.tensors[f"weights.net.{former_name}.weight"].float()
        assert torch.equal(module.get_parameter("weight"), stored), former_name


def test_a_checkpoint_with_former_names_is_restored():
    before, after = toy_state(0), toy_state(1)
    tensors = {}
    for name, tensor in before.tensors().items():
        table, _, rest = name.partition(".")
        if table in ("model", "ema"):
            name = f"{table}.{former(DctTransformer, rest)}"
        tensors[name] = tensor
    assert "model.net.field_norms.8.weight" in tensors
    assert "ema.net.surroundings.outer.weight" in tensors
    after.restore(tensors, before.record())
    restored = after.tensors()
    for name, tensor in before.tensors().items():
        assert torch.equal(restored[name], tensor), name


def test_files_coded_with_a_model_are_known_by_the_names_of_their_format():
    model = toy_state(0).model
    assert isinstance(model, DctTransformer)
    spec, settings = model.spec, dataclasses.asdict(model.config)
    settings["surroundings"] = settings.pop("causal_neighbourhood")
    order = [*FIRST_SETTINGS]
    told = ", ".join(f"{name}={settings[name]!r}" for name in order)
    digest = hashlib.sha256(f"(DctTransformerConfig({told}), {spec!r})".encode())
    tensors = {former(DctTransformer, name): each for name, each in model.state_dict().items()}
    assert {"net.place.weight", "net.field_norms.0.weight"} <= tensors.keys()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].contiguous().numpy().tobytes())
    digest.update(f"{torch.__version__} {torch.backends.cpu.get_cpu_capability()}".encode())
    digest.update(f"decoder {SUMS_VERSION} {supported_isas()[-1]}".encode())
    assert model.fingerprint() == digest.digest()[:16]


def test_a_run_with_a_former_setting_is_gone_on_with(tmp_path):
    plan = resolve_plan("dct-transformer", None, SETTINGS)
    write_plan(tmp_path, plan, DataRecord(name="toy", fingerprint="0"))
    record = json.loads((tmp_path / "run.json").read_text())
    network = record["plan"]["network"]
    network["surroundings"] = network.pop("causal_neighbourhood")
    (tmp_path / "run.json").write_text(json.dumps(record))
    assert read_plan(tmp_path)[0] == plan


@pytest.mark.parametrize("name", ["dct-transformer", "vae", "pca"])
def test_present_names_stay(name):
    model = get_model_class(name)
    tensors = {"net.channel_norms.channel.weight": torch.zeros(1), "weight": torch.ones(1)}
    assert model.current_tensors(tensors) == tensors
