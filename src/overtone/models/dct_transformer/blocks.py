"""Transformer layers: pre-norm attention and feed-forward, each behind a gate that starts at 0."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from overtone.models.share import WHOLE, Share
from overtone.shapes import Float

Dropout = Callable[[Tensor], Tensor]
MAX_PLAIN_LENGTH = 512  # of sequences whose attention is computed without PyTorch's fused kernel


def keep_all(x: Tensor) -> Tensor:
    """No dropout."""
    return x


def dropout_of(rate: float, generator: torch.Generator, share: Share = WHOLE) -> Dropout:
    """Sets a part of the features to zero, drawn for each image of a share; scales the others."""
    if rate == 0:
        return keep_all

    def drop(x: Tensor) -> Tensor:
        kept = share.many_uniform(x.shape, generator, x.device) >= rate
        return x * kept / (1 - rate)

    return drop


class KvCache:
    """Keys and values that attention layers have computed while a chunk is written.

    Args:
        length: Number of tokens in a chunk and its overlap.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.known: dict[int, tuple[Tensor, Tensor]] = {}
        self.counts: dict[int, int] = {}

    def extend(self, layer: nn.Module, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values of a layer, the new ones last."""
        if id(layer) not in self.known:
            shape = (*keys.shape[:2], self.length, keys.shape[3])
            self.known[id(layer)] = keys.new_empty(shape), values.new_empty(shape)
        first = self.counts.get(id(layer), 0)
        end = self.counts[id(layer)] = first + keys.shape[2]
        all_keys, all_values = self.known[id(layer)]
        all_keys[:, :, first:end], all_values[:, :, first:end] = keys, values
        return all_keys[:, :, :end], all_values[:, :, :end]

    def keep(
        self, layer: nn.Module, make: Callable[[], tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, Tensor]:
        """Keys and values of a layer that do not change, made once."""
        if id(layer) not in self.known:
            self.known[id(layer)] = make()
        return self.known[id(layer)]


def attend(
    queries: Float[Tensor, "b heads t k"],
    keys: Float[Tensor, "b heads s k"],
    values: Float[Tensor, "b heads s k"],
    *,
    is_causal: bool,
) -> Float[Tensor, "b heads t k"]:
    """Attention: softmax(queries keysᵀ / √k) values.

    Short sequences on a processor are plain products: PyTorch's fused attention takes eight times
    as long there, mostly in its backward pass.
    """
    if not queries.is_cpu or max(queries.shape[2], keys.shape[2]) > MAX_PLAIN_LENGTH:
        return scaled_dot_product_attention(queries, keys, values, is_causal=is_causal)
    scores = (queries / math.sqrt(queries.shape[3])) @ keys.mT
    if is_causal:
        # In place: neither a copy nor a second mask in the backward pass.
        scores += torch.full_like(scores[0, 0], -torch.inf).triu_(1)
    return scores.softmax(-1).to(values.dtype) @ values


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence over itself."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self, x: Float[Tensor, "b t d"], *, is_causal: bool, cache: KvCache | None
    ) -> Float[Tensor, "b t d"]:
        """What the layer adds to x, before its gate."""
        queries, keys, values = _heads(self.query_key_value(self.norm(x)), 3, self.num_heads)
        if cache is not None:
            keys, values = cache.extend(self, keys, values)
            # One token may look at all that is known.
            is_causal = is_causal and x.shape[1] > 1
        return self.out(_joined(attend(queries, keys, values, is_causal=is_causal)))


class CrossAttention(nn.Module):
    """Multi-head attention of a sequence over another that is normalised already."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self, x: Float[Tensor, "b t d"], over: Float[Tensor, "b s d"], *, cache: KvCache | None
    ) -> Float[Tensor, "b t d"]:
        """What the layer adds to x, before its gate."""

        def pairs() -> tuple[Tensor, Tensor]:
            keys, values = _heads(self.key_value(over), 2, self.num_heads)
            return keys, values

        keys, values = pairs() if cache is None else cache.keep(self, pairs)
        (queries,) = _heads(self.query(self.norm(x)), 1, self.num_heads)
        return self.out(_joined(attend(queries, keys, values, is_causal=False)))


def _heads(x: Float[Tensor, "b t nd"], count: int, num_heads: int) -> tuple[Tensor, ...]:
    """`count` tensors `b heads t k` of the features of a linear layer."""
    return x.unflatten(2, (count, num_heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)


def _joined(heads: Float[Tensor, "b heads t k"]) -> Float[Tensor, "b t d"]:
    return heads.transpose(1, 2).flatten(2)


class FeedForward(nn.Module):
    """TransformerLayer norm, a linear layer, GELU, a linear layer."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, hidden)
        self.outer = nn.Linear(hidden, width)

    def forward(self, x: Float[Tensor, "b t d"]) -> Float[Tensor, "b t d"]:
        """What the layer adds to x, before its gate."""
        return self.outer(gelu(self.inner(self.norm(x))))


class TransformerLayer(nn.Module):
    """Attention, attention over the encoder for a decoder, and feed-forward layers.

    Every change is multiplied by a learned gate that starts at 0 (Bachlechner et al.,
    arXiv:2003.04887); several feed-forward layers follow one attention, as in the paper.
    """

    def __init__(
        self, width: int, num_heads: int, hidden: int, num_feed_forwards: int, is_decoder: bool
    ) -> None:
        super().__init__()
        self.is_decoder, self.hidden = is_decoder, hidden
        self.own = SelfAttention(width, num_heads)
        self.cross = CrossAttention(width, num_heads) if is_decoder else None
        self.feed = nn.ModuleList(FeedForward(width, hidden) for _ in range(num_feed_forwards))
        self.gates = nn.Parameter(torch.zeros(1 + is_decoder + num_feed_forwards))

    def forward(
        self,
        x: Float[Tensor, "b t d"],
        encoded: Float[Tensor, "b s d"] | None = None,
        *,
        dropout: Dropout = keep_all,
        cache: KvCache | None = None,
    ) -> Float[Tensor, "b t d"]:
        """Features after this layer."""
        gates = iter(self.gates)
        change = self.own(x, is_causal=self.is_decoder, cache=cache)
        x = x + next(gates) * dropout(change)
        if self.cross is not None:
            x = x + next(gates) * dropout(self.cross(x, encoded, cache=cache))
        for layer in self.feed:
            x = x + next(gates) * dropout(layer(x))
        return x


@torch.no_grad()
def start(module: nn.Module, generator: torch.Generator) -> None:
    """Weights of linear layers to N(0, 1 / inputs), embeddings to N(0, 1), biases to 0."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            layer.weight.normal_(0.0, 1 / math.sqrt(layer.in_features), generator=generator)
            if layer.bias is not None:
                layer.bias.zero_()
        elif isinstance(layer, nn.Embedding):
            layer.weight.normal_(0.0, 1.0, generator=generator)
