"""The networks: an encoder of the partial image, and decoders of channel, position and value."""

import dataclasses

import torch
from torch import Tensor, nn

from overtone.models.dct_transformer.blocks import (
    Dropout,
    KvCache,
    TransformerLayer,
    keep_all,
    start,
)
from overtone.models.dct_transformer.config import DctTransformerConfig
from overtone.models.dct_transformer.neighbourhood import CausalNeighbourhood, Written, signed_log
from overtone.models.dct_transformer.vocabulary import Vocabulary
from overtone.shapes import Float, Int64

START = -1  # channel of what precedes the first triple
# How the names of tensors began in files written before every norm had a name, to how they begin.
FORMER_TENSORS = {
    "net.place.": "net.token_index.",
    "net.surroundings.": "net.neighbourhood.",
    "net.field_norms.0.": "net.channel_norms.channel.",
    "net.field_norms.1.": "net.channel_norms.position.",
    "net.field_norms.2.": "net.channel_norms.value.",
    "net.field_norms.3.": "net.position_norms.hidden.",
    "net.field_norms.4.": "net.position_norms.channel.",
    "net.field_norms.5.": "net.value_norms.hidden.",
    "net.field_norms.6.": "net.value_norms.position.",
    "net.field_norms.7.": "net.value_norms.encoder.",
    "net.field_norms.8.": "net.value_norms.neighbourhood.",
}
HEAD_SCALE = 0.1  # of the last layers' first weights, so that all tokens begin about equally likely


@dataclasses.dataclass(frozen=True)
class Encoded:
    """What the decoders see of the image so far.

    Attributes:
        sequence: A feature of the class, then one for each square of blocks.
        by_position: The feature of each position's square.
        known: The values themselves, as sign(v) log(1 + |v|).
    """

    sequence: Float[Tensor, "b s d"]
    by_position: Float[Tensor, "b positions d"]
    known: Float[Tensor, "b positions channels"]


class DctTransformerNet(nn.Module):
    """p(channel | triples before) p(position | channel, ...) p(value | position, channel, ...).

    The second decoder reads the features of the first, the third those of the second and the
    encoder's at the position. Every summand is normalised first, so that none drowns another.

    Source: Nash et al., ICML 2021, section 3, equations 2 to 9. Departs from it: plain pre-norm
        layers with a chosen number of feed-forward layers each; with `causal_neighbourhood`, the
        third decoder also reads the values that are known around the position by then.
    """

    def __init__(
        self,
        config: DctTransformerConfig,
        vocabulary: Vocabulary,
        num_classes: int,
        *,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.num_channels = vocabulary.num_channels
        self.max_value = vocabulary.max_value
        self.grid = (vocabulary.rows, vocabulary.columns)
        self.stride = config.encoder_stride
        width, hidden = config.width, config.width * config.feed_forward_width

        def layers(count: int, is_decoder: bool) -> nn.ModuleList:
            return nn.ModuleList(
                TransformerLayer(width, config.num_heads, hidden, config.feed_forwards, is_decoder)
                for _ in range(count)
            )

        def norms(*names: str) -> nn.ModuleDict:
            return nn.ModuleDict({name: nn.LayerNorm(width) for name in names})

        squares = -(-self.grid[0] // self.stride) * -(-self.grid[1] // self.stride)
        self.patch = nn.Linear(self.num_channels * self.stride**2, width)
        self.square = nn.Embedding(squares, width)
        self.classes = nn.Embedding(num_classes + 1, width)  # the last stands for no class
        self.encoder = layers(config.encoder_layers, False)
        self.encoded_norm = nn.LayerNorm(width)
        # One more for what precedes the first triple.
        self.channel = nn.Embedding(self.num_channels + 1, width)
        self.position = nn.Embedding(vocabulary.num_positions + 1, width)
        self.value = nn.Embedding(vocabulary.num_values + 1, width)
        self.token_index = nn.Embedding(config.overlap + config.chunk_size, width)
        # Each decoder's input is a sum; every summand has a norm of its own.
        self.channel_norms = norms("channel", "position", "value")
        self.position_norms = norms("hidden", "channel")
        self.value_norms = norms(
            "hidden", "position", "encoder", *["neighbourhood"] * config.causal_neighbourhood
        )
        self.channel_layers = layers(config.channel_layers, True)
        self.position_layers = layers(config.position_layers, True)
        self.value_layers = layers(config.value_layers, True)
        self.head_norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.neighbourhood = (
            CausalNeighbourhood(self.num_channels, self.grid, width)
            if config.causal_neighbourhood
            else None
        )
        sizes = (self.num_channels + 1, vocabulary.num_positions, vocabulary.num_values)
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)
        start(self, generator)
        with torch.no_grad():
            for head in self.heads:
                head.get_parameter("weight").mul_(HEAD_SCALE)

    def encode(
        self,
        dense: Float[Tensor, "b positions channels"],
        classes: Int64[Tensor, " b"],
        dropout: Dropout = keep_all,
    ) -> Encoded:
        """Encodes the image so far; values enter as sign(v) log(1 + |v|)."""
        known = self._here(signed_log(dense))
        x = self._squares(known) if self.stride > 1 else known
        x = self.patch(x) + self.square.weight
        x = torch.cat([self.classes(self._here(classes))[:, None], x], 1)
        for layer in self.encoder:
            x = layer(x, dropout=dropout)
        x = self.encoded_norm(x)
        by_position = x[:, 1:] if self.stride == 1 else x[:, 1 + self._square_of()]
        return Encoded(x, by_position, known)

    def _squares(self, x: Float[Tensor, "b positions c"]) -> Float[Tensor, "b squares cs"]:
        rows, columns = self.grid
        down, across = (-length % self.stride for length in self.grid)
        x = nn.functional.pad(x.unflatten(1, (rows, columns)), (0, 0, 0, across, 0, down))
        x = x.unflatten(1, (-1, self.stride)).unflatten(3, (-1, self.stride))
        return x.transpose(2, 3).flatten(3).flatten(1, 2)

    def _square_of(self) -> Int64[Tensor, " positions"]:
        rows, columns = (torch.arange(length) // self.stride for length in self.grid)
        return (rows[:, None] * -(-self.grid[1] // self.stride) + columns).flatten()

    def channel_features(
        self,
        previous: Int64[Tensor, "b t 3"],
        first_token: int,
        encoded: Encoded,
        *,
        dropout: Dropout = keep_all,
        cache: KvCache | None = None,
    ) -> Float[Tensor, "b t d"]:
        """Features from which the channel of the triple after each of `previous` is predicted."""
        previous = self._here(previous)
        is_start = previous[..., 0] == START
        channel, position, value = previous.unbind(-1)
        norms = self.channel_norms
        x = norms["channel"](self.channel(channel.where(~is_start, self.num_channels)))
        rows = position.where(~is_start, self.position.num_embeddings - 1)
        x = x + norms["position"](self.position(rows))
        rows = (value + self.max_value).where(~is_start, self.value.num_embeddings - 1)
        x = x + norms["value"](self.value(rows))
        x = x + self.token_index.weight[first_token : first_token + previous.shape[1]]
        return self._through(self.channel_layers, x, encoded, dropout, cache)

    def position_features(
        self,
        hidden: Float[Tensor, "b t d"],
        channel: Int64[Tensor, "b t"],
        encoded: Encoded,
        *,
        dropout: Dropout = keep_all,
        cache: KvCache | None = None,
    ) -> Float[Tensor, "b t d"]:
        """Features from which the position is predicted; the stop token has none."""
        known = self.channel(self._here(channel.clamp(0, self.num_channels - 1)))
        x = self.position_norms["hidden"](hidden) + self.position_norms["channel"](known)
        return self._through(self.position_layers, x, encoded, dropout, cache)

    def value_features(
        self,
        hidden: Float[Tensor, "b t d"],
        channel: Int64[Tensor, "b t"],
        position: Int64[Tensor, "b t"],
        written: Written,
        encoded: Encoded,
        *,
        dropout: Dropout = keep_all,
        cache: KvCache | None = None,
    ) -> Float[Tensor, "b t d"]:
        """Features from which the value is predicted."""
        position = self._here(position)
        index = position[..., None].expand(*position.shape, hidden.shape[-1])
        there = encoded.by_position.gather(1, index)
        norms = self.value_norms
        x = norms["hidden"](hidden) + norms["position"](self.position(position))
        x = x + norms["encoder"](there)
        if self.neighbourhood is not None:
            written = Written(self._here(written.triples), self._here(written.is_known))
            around = self.neighbourhood(encoded.known, self._here(channel), position, written)
            x = x + norms["neighbourhood"](around)
        return self._through(self.value_layers, x, encoded, dropout, cache)

    def logits(self, field: int, hidden: Float[Tensor, "*n d"]) -> Float[Tensor, "*n k"]:
        """Logits of channel (0, with the stop token), position (1) or value (2)."""
        return self.heads[field](self.head_norms[field](hidden)).float()

    def _here(self, x: Tensor) -> Tensor:
        """On the device of the weights; lists and masks are made on the processor."""
        return x.to(self.patch.weight.device)

    def _through(
        self,
        layers: nn.ModuleList,
        x: Tensor,
        encoded: Encoded,
        dropout: Dropout,
        cache: KvCache | None,
    ) -> Tensor:
        for layer in layers:
            x = layer(x, encoded.sequence, dropout=dropout, cache=cache)
        return x
