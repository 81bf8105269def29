"""What may come next in lists that are being written: in PyTorch, or on the native kernel."""

from collections.abc import Iterator
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from overtone.kernels.transformer import Decoder, DecoderSpec, StackSpec
from overtone.models.dct_transformer.blocks import KvCache, TransformerLayer
from overtone.models.dct_transformer.neighbourhood import NeighbourhoodCache, Written
from overtone.models.dct_transformer.net import DctTransformerNet, Encoded
from overtone.shapes import Float32, Int64

EngineName = Literal["auto", "native", "torch", "uncached"]
Precision = Literal["float32", "bfloat16"]


@runtime_checkable
class Engine(Protocol):
    """Computes the next logits of lists, reading a window of them from left to right.

    Column 0 of a window is what precedes its first token, so token j is column j + 1.
    """

    def begin(self, encoded: Encoded, window: Int64[np.ndarray, "b t1 3"]) -> None:
        """Begins with a new window, which is read while others write it."""
        ...

    def logits(
        self, field: int, token: int, lists: Int64[np.ndarray, " n"]
    ) -> Float32[np.ndarray, "n k"]:
        """Logits of channel (0), position (1) or value (2) at a token, for lists that go on.

        Asked for in this order, token after token; the first token may be any. The fields before
        are in the window.
        """
        ...


def engine_for(
    net: DctTransformerNet, overlap: int, engine: EngineName, precision: Precision
) -> Engine:
    """The engine that is asked for; "auto" is the native one where it can be.

    The first `overlap` tokens of a window are of the chunk before.

    Raises:
        ValueError: The native one is asked for, and the weights are not float32 on the processor.
    """
    weight = net.patch.weight
    is_possible = weight.device.type == "cpu" and weight.dtype == torch.float32
    if engine == "native" and not is_possible:
        raise ValueError("the native engine needs float32 weights on the processor")
    if engine == "native" or (engine == "auto" and is_possible):
        return NativeEngine(net, overlap, precision)
    return TorchEngine(net, overlap, uses_cache=engine != "uncached")


class TorchEngine:
    """Computes in PyTorch, on any device.

    Args:
        net: The networks.
        overlap: Number of tokens before those of the chunk.
        uses_cache: Whether keys and values are kept; else all is computed anew for each token.
    """

    def __init__(self, net: DctTransformerNet, overlap: int, *, uses_cache: bool) -> None:
        self.net, self.overlap, self.uses_cache = net, overlap, uses_cache

    def begin(self, encoded: Encoded, window: Int64[np.ndarray, "b t1 3"]) -> None:
        """See `Engine`."""
        self.encoded, self.window = encoded, torch.from_numpy(window)
        self.cache = KvCache(window.shape[1]) if self.uses_cache else None
        self.num_read = 0

    @torch.no_grad()
    def logits(
        self, field: int, token: int, lists: Int64[np.ndarray, " n"]
    ) -> Float32[np.ndarray, "n k"]:
        """See `Engine`; computes all lists, also those that have ended."""
        net, encoded, cache = self.net, self.encoded, self.cache
        if field == 0:
            self.first = self.num_read if cache else 0
            self.num_read = token + 1
            previous = self.window[:, self.first : token + 1]
            self.hidden = net.channel_features(previous, self.first, encoded, cache=cache)
        else:
            channels, positions, _ = self.window[:, self.first + 1 : token + 2].unbind(-1)
            if field == 1:
                self.hidden = net.position_features(self.hidden, channels, encoded, cache=cache)
            else:
                args = (channels, positions, self._written(token), encoded)
                self.hidden = net.value_features(self.hidden, *args, cache=cache)
        return net.logits(field, self.hidden[:, -1]).cpu().numpy()[lists]

    def _written(self, token: int) -> Written:
        """What each of the tokens that are read knows of the chunk."""
        tokens = torch.arange(self.overlap, token)
        own = torch.arange(self.first, token + 1)
        return Written(self.window[:, self.overlap + 1 : token + 1], tokens < own[:, None])


class NativeEngine:
    """Computes on the native kernel, with copies of the weights as they are now.

    Args:
        net: The networks.
        overlap: Number of tokens before those of the chunk.
        precision: How the matrices of the decoders are stored.
    """

    @torch.no_grad()
    def __init__(self, net: DctTransformerNet, overlap: int, precision: Precision) -> None:
        self.net, self.overlap = net, overlap
        layer = net.channel_layers[0]
        assert isinstance(layer, TransformerLayer)
        stacks = (net.channel_layers, net.position_layers, net.value_layers)
        heads = [head.get_parameter("weight") for head in net.heads]
        num_known = net.neighbourhood.inner.in_features if net.neighbourhood else 0
        spec = DecoderSpec(
            width=net.patch.out_features,
            num_heads=layer.own.num_heads,
            hidden=layer.hidden,
            num_feed_forwards=len(layer.feed),
            stacks=tuple(
                StackSpec(num_layers=len(layers), num_logits=len(head), num_inputs=num_inputs)
                for layers, head, num_inputs in zip(stacks, heads, (0, 0, num_known), strict=True)
            ),
        )
        is_bfloat16 = precision == "bfloat16"
        weights = [
            [_array(tensor, is_bfloat16) for tensor in _weights(net, number, layers)]
            for number, layers in enumerate(stacks)
        ]
        self.decoder = Decoder(
            spec, weights, num_threads=torch.get_num_threads(), is_bfloat16=is_bfloat16
        )
        # Fields are normalised one by one, so a token always adds the same.
        self.previous = [
            net.channel_norms[name](table.weight).numpy()
            for name, table in zip(
                net.channel_norms, (net.channel, net.position, net.value), strict=True
            )
        ]
        self.token_index = net.token_index.weight.numpy().copy()
        self.channels = net.position_norms["channel"](net.channel.weight).numpy()
        self.positions = net.value_norms["position"](net.position.weight).numpy()

    @torch.no_grad()
    def begin(self, encoded: Encoded, window: Int64[np.ndarray, "b t1 3"]) -> None:
        """See `Engine`."""
        self.window, self.num_read = window, [0, 0, 0]
        self.there = self.net.value_norms["encoder"](encoded.by_position).numpy()
        if self.net.neighbourhood:
            known = encoded.known.numpy()
            self.grid = NeighbourhoodCache(self.net.neighbourhood, self.net.max_value, known)
        self.decoder.prefill(encoded.sequence.contiguous().numpy(), window.shape[1])

    def logits(
        self, field: int, token: int, lists: Int64[np.ndarray, " n"]
    ) -> Float32[np.ndarray, "n k"]:
        """See `Engine`."""
        first = self.num_read[field]
        self.num_read[field] = token + 1
        inputs = None
        if field == 0:
            x = (
                self._after(self.window[lists, first : token + 1])
                + self.token_index[first : token + 1]
            )
        elif field == 1:
            x = self.channels[np.maximum(self.window[lists, first + 1 : token + 2, 0], 0)]
        else:
            positions = self.window[lists, first + 1 : token + 2, 1]
            x = self.positions[positions] + self.there[lists[:, None], positions]
            inputs = self._known(first, token, lists) if self.net.neighbourhood else None
        return self.decoder.decode_step(field, x, lists, inputs)

    def _known(
        self, first: int, token: int, lists: Int64[np.ndarray, " n"]
    ) -> Float32[np.ndarray, "n t k"]:
        """What is known around each of some positions, when its value is next."""
        known = []
        for own in range(first, token + 1):
            if own > self.overlap:
                self.grid.write(lists, self.window[lists, own])
            channel, position, _ = self.window[lists, own + 1].T
            known.append(self.grid.read(lists, channel, position))
        return np.stack(known, 1)

    def _after(self, previous: Int64[np.ndarray, "n t 3"]) -> Float32[np.ndarray, "n t d"]:
        """What the triple before each token adds; the last row of a table is that of none."""
        channels, positions, values = self.previous
        channel, position, value = previous[..., 0], previous[..., 1], previous[..., 2]
        is_none = channel < 0
        if is_none.any():
            position = np.where(is_none, -1, position)
            value = np.where(is_none, -1 - self.net.max_value, value)
        return channels[channel] + positions[position] + values[value + self.net.max_value]


def _weights(net: DctTransformerNet, number: int, layers: nn.ModuleList) -> Iterator[Tensor]:
    """The weights of one decoder, in the order of `DecoderSpec.shapes_of`."""
    if number:
        norms = (net.position_norms, net.value_norms)[number - 1]
        yield from norms["hidden"].parameters()
    if number == 2 and net.neighbourhood:
        yield from net.neighbourhood.parameters()
        yield from net.value_norms["neighbourhood"].parameters()
    for layer in layers:
        assert isinstance(layer, TransformerLayer)
        assert layer.cross is not None
        yield from layer.own.parameters()
        yield from layer.cross.parameters()
        yield from layer.feed.parameters()
        yield layer.gates
    yield from net.head_norms[number].parameters()
    yield from net.heads[number].parameters()


def _array(tensor: Tensor, is_bfloat16: bool) -> np.ndarray:
    tensor = tensor.detach().contiguous()
    if is_bfloat16 and tensor.ndim == 2:
        tensor = tensor.bfloat16().float()
    return tensor.numpy()
