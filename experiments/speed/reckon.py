"""A training step of the DCTransformer of 448 M parameters, reckoned without memory or time.

    python -m experiments.speed.reckon --out experiments/speed/rows/reckoned.jsonl

The network of the preset `paper-lsun` is built on PyTorch's device without values, where tensors
have shapes only; operations are counted, and so are the bytes that the forward pass keeps for the
backward pass. Nothing is measured. Chunks are full, and every token is a target, which is the most
that a step can take.
"""

import argparse
import dataclasses
import json
import pathlib
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from experiments.harness.records import write_records
from overtone.evaluate.provenance import provenance
from overtone.models.base import ImageSpec
from overtone.models.dct_transformer.model import DctTransformer
from overtone.models.dct_transformer.neighbourhood import Written
from overtone.training.plan import resolve_plan

PRESET = "paper-lsun"
SIDE = 384
META = torch.device("meta")
# A parameter's, float32: weight, gradient, its copy that is exchanged, Adam's two moments.
STATE_BYTES = 20


@dataclasses.dataclass(frozen=True)
class StepCost:
    """What a step takes.

    Attributes:
        num_parameters: Parameters of the model.
        num_chunks: Chunks of the batch, one an image.
        num_tokens: Tokens of a chunk, with its overlap.
        flops: Floating-point operations of forward and backward pass.
        kept_bytes: Bytes kept for the backward pass, float32.
        state_bytes: Bytes of weights, gradients, their copy that is exchanged, and optimiser.
    """

    num_parameters: int
    num_chunks: int
    num_tokens: int
    flops: int
    kept_bytes: int
    state_bytes: int


def main() -> None:
    """Parse, reckon, write one row for each number of chunks."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, help="write the JSON rows here")
    parser.add_argument("--chunks", type=int, nargs="+", default=[1, 8], help="of a step")
    arguments = parser.parse_args()
    rows = [row_of(step_cost(number)) for number in arguments.chunks]
    for row in rows:
        print(json.dumps(row))
    if arguments.out:
        write_records(arguments.out, rows)


def row_of(cost: StepCost) -> dict[str, Any]:
    """The row of a step."""
    return {"suite": "reckoned", "preset": PRESET, **dataclasses.asdict(cost), **provenance()}


def step_cost(num_chunks: int) -> StepCost:
    """What a step on so many chunks takes, by the shapes of its tensors."""
    network = resolve_plan("dct-transformer", PRESET).network
    spec = ImageSpec(height=SIDE, width=SIDE, channels=3, num_images=1)
    with META:
        model = DctTransformer(network, spec, generator=torch.Generator("cpu"))
    own = {p.untyped_storage()._cdata for p in model.parameters()}  # counted with the state
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage.nbytes()
        return tensor

    with (
        META,
        FlopCounterMode(display=False) as counter,
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        loss_of_shapes(model, num_chunks).backward()
    num_parameters = sum(p.numel() for p in model.parameters())
    return StepCost(
        num_parameters,
        num_chunks,
        network.overlap + network.chunk_size,
        counter.get_total_flops(),
        sum(kept.values()),
        STATE_BYTES * num_parameters,
    )


def loss_of_shapes(model: DctTransformer, num_chunks: int) -> Tensor:
    """The operations of `DctTransformer.nats` on full chunks of whatever values."""
    net, vocabulary, config = model.net, model.vocabulary, model.config
    num_tokens = config.overlap + config.chunk_size
    dense = torch.zeros(num_chunks, vocabulary.num_positions, vocabulary.num_channels)
    triples = torch.zeros(num_chunks, num_tokens, 3, dtype=torch.int64)
    channel, position, _ = triples.unbind(-1)
    is_known = torch.zeros(num_tokens, config.chunk_size, dtype=torch.bool)
    encoded = net.encode(dense, torch.zeros(num_chunks, dtype=torch.int64), dropped)
    costs = []
    hidden = net.channel_features(triples, 0, encoded, dropout=dropped)
    costs.append(net.logits(0, hidden).log_softmax(-1).mean())
    hidden = net.position_features(hidden, channel, encoded, dropout=dropped)
    costs.append(net.logits(1, hidden).log_softmax(-1).mean())
    written = Written(triples[:, config.overlap :], is_known)
    hidden = net.value_features(hidden, channel, position, written, encoded, dropout=dropped)
    costs.append(net.logits(2, hidden).log_softmax(-1).mean())
    return torch.stack(costs).sum()


def dropped(x: Tensor) -> Tensor:
    """Dropout as the model has it, which keeps a mask."""
    return x * (torch.empty(x.shape) >= 0.1) / 0.9


if __name__ == "__main__":
    main()
