"""Settings of the DCTransformer."""

import dataclasses

from overtone.transform.triples import ChannelOrder


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DctTransformerConfig:
    """Settings of a DCTransformer: table [network] of a preset.

    Attributes:
        block_size: Side of the DCT's blocks, pixels.
        quality: Quality of the quantiser tables, 1..100.
        order: Order of the channels in a list: "paper"; "luma-first", for colouring; "low-first",
            for enlarging.
        width: Number of features in every layer, d in the paper.
        num_heads: Number of attention heads; divides `width`.
        encoder_layers: Layers of the encoder of the partial image.
        channel_layers: Layers of the first decoder, of channels.
        position_layers: Layers of the second decoder, of positions.
        value_layers: Layers of the third decoder, of values.
        feed_forwards: Feed-forward layers after each attention layer; the paper has several.
        feed_forward_width: Hidden features of a feed-forward layer, times `width`.
        causal_neighbourhood: Whether the third decoder reads the values that are known around a
            position by then, which the paper's does not.
        encoder_stride: Side of the squares that the encoder takes together, blocks.
        chunk_size: Triples that are targets together.
        overlap: Triples before a chunk that the decoders see besides; never targets.
        early_floor: Least weight of a late chunk; weights fall from 1 with the third power.
        dropout: Share of features set to zero in training, 0..1.
        class_dropout: How often a class is withheld in training, so that none can be asked for.
        top_p: Share of the probability that sampling draws from, for channel, position and value.
    """

    block_size: int = 8
    quality: int = 50
    order: ChannelOrder = "paper"
    width: int = 192
    num_heads: int = 6
    encoder_layers: int = 1
    channel_layers: int = 2
    position_layers: int = 2
    value_layers: int = 2
    feed_forwards: int = 1
    feed_forward_width: int = 4
    causal_neighbourhood: bool = False
    encoder_stride: int = 1
    chunk_size: int = 112
    overlap: int = 16
    early_floor: float = 0.1
    dropout: float = 0.0
    class_dropout: float = 0.1
    top_p: tuple[float, ...] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        if self.block_size not in (4, 8, 16, 32):
            raise ValueError(f"block_size must be 4, 8, 16 or 32, got {self.block_size}")
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality must be in 1..100, got {self.quality}")
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.width % self.num_heads:
            raise ValueError(f"width {self.width} is no multiple of {self.num_heads} heads")
        if not 0 <= self.overlap < self.chunk_size:
            raise ValueError(f"overlap must be in 0..{self.chunk_size - 1}, got {self.overlap}")
        for name in ("early_floor", "dropout", "class_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in 0..1, got {getattr(self, name):g}")
        if len(self.top_p) != 3 or not all(0 < share <= 1 for share in self.top_p):
            raise ValueError(f"top_p must be three shares in 0..1, got {self.top_p}")


_COUNTS = (
    "width",
    "num_heads",
    "encoder_layers",
    "channel_layers",
    "position_layers",
    "value_layers",
    "feed_forwards",
    "feed_forward_width",
    "encoder_stride",
    "chunk_size",
)
