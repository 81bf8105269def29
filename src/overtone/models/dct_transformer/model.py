"""The DCTransformer as a model: loss, likelihood, drawing, completing."""

import hashlib
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from typing_extensions import override

from overtone.data import ImageSet
from overtone.entropy.symbols import SymbolSource
from overtone.errors import ConfigError
from overtone.kernels.fourier import supported_isas
from overtone.kernels.transformer import SUMS_VERSION
from overtone.models.base import AbstractModel, Batch, ImageSpec, from_pixels, to_pixels
from overtone.models.dct_transformer.blocks import Dropout, dropout_of, keep_all
from overtone.models.dct_transformer.chunks import Chunk, Lists, chunk_at, longest, random_starts
from overtone.models.dct_transformer.config import DctTransformerConfig
from overtone.models.dct_transformer.net import FORMER_TENSORS, DctTransformerNet
from overtone.models.dct_transformer.sample import AS_TRAINED, Sampler, SamplingOptions
from overtone.models.dct_transformer.vocabulary import Vocabulary
from overtone.models.priors.base import check_temperature
from overtone.shapes import Float, Int32, Int64, UInt8
from overtone.transform.triples import TripleLists

FIELDS = ("channel", "position", "value")
_CLASS_COUNTS = "class_counts"
_MAX_TOGETHER = 256  # lists that are drawn together, if
_MAX_KEPT_BYTES = 2**29  # their keys and values take no more than this


class DctTransformer(AbstractModel):
    """An image as a list of triples that stacked decoders write, chunk by chunk.

    Source: Nash et al., "Generating images with sparse representations", ICML 2021.
    docs/design/dct-transformer.md has what is not in the paper and what is different.
    """

    name: ClassVar[str] = "dct-transformer"
    former_settings: ClassVar[Mapping[str, str]] = {"surroundings": "causal_neighbourhood"}
    former_tensors: ClassVar[Mapping[str, str]] = FORMER_TENSORS
    config_class: ClassVar[type] = DctTransformerConfig
    splits_batches: ClassVar[bool] = True
    config: DctTransformerConfig

    def __init__(
        self, config: DctTransformerConfig, spec: ImageSpec, *, generator: torch.Generator
    ) -> None:
        super().__init__(config, spec, generator=generator)
        self.vocabulary = Vocabulary(config, spec)
        num_classes = len(spec.class_names)
        self.net = DctTransformerNet(config, self.vocabulary, num_classes, generator=generator)
        self.class_counts = torch.zeros(num_classes, dtype=torch.int64)

    @override
    def begin(self, images: ImageSet, *, generator: torch.Generator) -> None:
        if images.labels is not None:
            labels = torch.from_numpy(images.labels).long()
            self.class_counts = torch.bincount(labels, minlength=len(self.class_counts))

    @override
    def extra_tensors(self) -> dict[str, Tensor]:
        return {_CLASS_COUNTS: self.class_counts}

    @override
    def load_extra_tensors(self, tensors: dict[str, Tensor]) -> None:
        # A file written before there were counts has none; then no class is drawn.
        counts = tensors.get(_CLASS_COUNTS, self.class_counts)
        if counts.shape != self.class_counts.shape:
            found = tuple(counts.shape)
            raise ValueError(f"{_CLASS_COUNTS} should be ({len(self.class_counts)},), not {found}")
        self.class_counts = counts

    @override
    def num_of_class(self, number: int) -> int | None:
        return int(self.class_counts[number]) if self.class_counts.any() else None

    @override
    def loss(
        self, batch: Batch, *, progress: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        config, share = self.config, batch.share
        lists = self.lists_of(batch.images)
        lengths = share.gathered(lists.lengths)  # of the whole batch: draws and padding follow them
        begin = random_starts(lengths, config.chunk_size, config.early_floor, generator)
        num_tokens = longest(lengths, begin, config.chunk_size)
        classes = self._classes(len(batch.images), batch.labels)
        is_training = torch.is_grad_enabled()
        if is_training and batch.labels is not None:
            is_hidden = share.uniform((len(classes),), generator) < config.class_dropout
            classes = torch.where(is_hidden, len(self.spec.class_names), classes)
        dropout = dropout_of(config.dropout, generator, share) if is_training else keep_all
        starts = share.own(begin)
        chunk = chunk_at(lists, starts, config.chunk_size, config.overlap, num_tokens)
        nats = self.nats(chunk, classes, dropout)
        count = share.weight * share.total(chunk.is_target.sum())
        fields = {f"{name}_nats": own.sum() / count for name, own in zip(FIELDS, nats, strict=True)}
        total = torch.stack([*fields.values()]).sum()
        return {"loss": total, **{name: value.detach() for name, value in fields.items()}}

    def lists_of(self, images: Float[Tensor, "b c h w"]) -> Lists:
        """Lists of images in [-1, 1]."""
        return Lists.of(self.vocabulary.lists_of(to_pixels(images)), self.vocabulary.num_channels)

    def nats(
        self, chunk: Chunk, classes: Int64[Tensor, " b"], dropout: Dropout = keep_all
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What channel, position and value of each target cost, in the order of the targets.

        The stop token has a channel only; its position and value cost nothing.
        """
        net, vocabulary = self.net, self.vocabulary
        encoded = net.encode(vocabulary.scatter(chunk.triples, chunk.is_before), classes, dropout)
        hidden = net.channel_features(chunk.previous, 0, encoded, dropout=dropout)
        is_target, targets = chunk.is_target, chunk.targets[chunk.is_target]
        previous = chunk.previous[is_target]
        channel, position, value = targets.unbind(-1)
        is_triple = channel < vocabulary.num_channels

        def cost(field: int, hidden: Tensor, is_legal: Tensor, token: Tensor) -> Tensor:
            logits = net.logits(field, hidden[is_target])
            logits = logits.masked_fill(~is_legal.to(logits.device), -torch.inf)
            return cross_entropy(logits, token.to(logits.device), reduction="none")

        channel_nats = cost(0, hidden, vocabulary.channel_mask(previous), channel)
        hidden = net.position_features(hidden, chunk.targets[..., 0], encoded, dropout=dropout)
        is_legal = vocabulary.position_mask(previous, channel) | ~is_triple[:, None]
        position_nats = cost(1, hidden, is_legal, position)
        channels, positions, _ = chunk.targets.unbind(-1)
        written = chunk.written(self.config.overlap)
        hidden = net.value_features(hidden, channels, positions, written, encoded, dropout=dropout)
        is_legal = vocabulary.value_mask(channel) | ~is_triple[:, None]
        value_nats = cost(2, hidden, is_legal, value + vocabulary.max_value)
        counts = is_triple.to(value_nats.device)
        return channel_nats, position_nats * counts, value_nats * counts

    @torch.no_grad()
    def image_nats(
        self, images: Float[Tensor, "b c h w"], labels: Int64[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b 3"]:
        """What the whole list of each image costs: channel and stop token, position, value."""
        lists = self.lists_of(images)
        classes = self._classes(len(images), labels)
        total = torch.zeros(len(images), 3)
        for first in range(0, lists.triples.shape[1], self.config.chunk_size):
            rows = torch.nonzero(lists.lengths >= first)[:, 0]
            some = Lists(lists.triples[rows], lists.lengths[rows])
            starts = torch.full((len(rows),), first)
            chunk = chunk_at(some, starts, self.config.chunk_size, self.config.overlap)
            owners = rows[torch.nonzero(chunk.is_target)[:, 0]]
            for field, nats in enumerate(self.nats(chunk, classes[rows])):
                total[:, field].index_add_(0, owners, nats.cpu())
        return total

    @override
    def sample(
        self,
        num_images: int,
        *,
        generator: torch.Generator,
        size: tuple[int, int] | None = None,
        temperature: float = 1.0,
        labels: Int64[Tensor, " b"] | None = None,
        prior: str | None = None,
        guidance: float = 1.0,
    ) -> Float[Tensor, "b c h w"]:
        self.check_native_size(size)
        self.check_unguided(guidance)
        if prior is not None:
            raise ConfigError(f"a dct-transformer has no prior {prior}; leave it out")
        self.check_labels(num_images, labels)
        if labels is None and self.class_counts.any():
            shares = self.class_counts.double()
            labels = torch.multinomial(shares, num_images, replacement=True, generator=generator)
        classes = self._classes(num_images, labels)
        options = SamplingOptions(temperature=temperature)
        drawn = [
            self.complete(None, some, generator=generator, options=options)
            for some in classes.split(self.num_together)
        ]
        return torch.cat(
            [from_pixels(torch.from_numpy(self.vocabulary.images_of(d))) for d in drawn]
        )

    @property
    def num_together(self) -> int:
        """How many lists should be drawn together; results do not depend on it."""
        config = self.config
        num_layers = config.channel_layers + config.position_layers + config.value_layers
        num_tokens = config.overlap + config.chunk_size
        kept_bytes = 2 * 4 * num_layers * num_tokens * config.width  # keys and values, float32
        return max(1, min(_MAX_TOGETHER, _MAX_KEPT_BYTES // kept_bytes))

    def complete(
        self,
        given: TripleLists | None,
        classes: Int64[Tensor, " b"],
        *,
        first_channel: int = 0,
        generator: torch.Generator,
        options: SamplingOptions = AS_TRAINED,
    ) -> TripleLists:
        """Lists that begin as given; channels are counted in the order of the list.

        Args:
            given: What each list begins with, all its triples of channels below `first_channel`;
                None for nothing.
            classes: Class of each list; the number of classes stands for no class.
            first_channel: Lowest channel that is drawn, in the order of the list.
            generator: Source of all randomness.
            options: How to draw.
        """
        check_temperature(options.temperature)
        sampler = Sampler(self.config, self.vocabulary, self.net, options, generator=generator)
        return sampler.draw(classes, given, first_channel)

    def fingerprint(self) -> bytes:
        """See `ListModel.fingerprint`: weights, settings, PyTorch, kernel, the processor's kind.

        Settings and tensors are hashed under the names they had when the format was made, so that
        files of then decode.
        """
        settings = repr((self.config, self.spec))
        for former, name in self.former_settings.items():
            settings = settings.replace(f"{name}=", f"{former}=")
        digest = hashlib.sha256(settings.encode())
        tensors = {self._former_name(name): each for name, each in self.state_dict().items()}
        for name, tensor in sorted(tensors.items()):
            digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
        digest.update(f"{torch.__version__} {torch.backends.cpu.get_cpu_capability()}".encode())
        digest.update(f"decoder {SUMS_VERSION} {supported_isas()[-1]}".encode())
        return digest.digest()[:16]

    def _former_name(self, name: str) -> str:
        """What a tensor was called in files of the first version."""
        for former, start in self.former_tensors.items():
            if name.startswith(start):
                return former + name.removeprefix(start)
        return name

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """See `PictureListModel.image_shape`."""
        return self.spec.height, self.spec.width, self.spec.channels

    def triples_of(self, image: UInt8[np.ndarray, "h w c"]) -> Int32[np.ndarray, "n 3"]:
        """See `PictureListModel.triples_of`."""
        return self.vocabulary.lists_of(image[None]).triples

    def image_of(self, triples: Int32[np.ndarray, "n 3"]) -> UInt8[np.ndarray, "h w c"]:
        """See `PictureListModel.image_of`."""
        return self.vocabulary.images_of(TripleLists(triples, np.array([len(triples)])))[0]

    def write(self, source: SymbolSource) -> Int32[np.ndarray, "n 3"]:
        """See `ListModel.write`; on one thread, so that sums are made in one order."""
        num_threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            sampler = Sampler(
                self.config,
                self.vocabulary,
                self.net,
                SamplingOptions(top_p=(1.0, 1.0, 1.0)),
                generator=torch.Generator(),
                source=source,
            )
            return sampler.draw(self._classes(1, None)).triples
        finally:
            torch.set_num_threads(num_threads)

    def symbols(self, triples: Int32[np.ndarray, "n 3"]) -> list[int]:
        """See `ListModel.symbols`."""
        codes = triples + np.array([0, 0, self.vocabulary.max_value], np.int32)
        return [*codes.flatten().tolist(), self.vocabulary.num_channels]

    def _classes(self, count: int, labels: Int64[Tensor, " b"] | None) -> Int64[Tensor, " b"]:
        """Labels, or the number that stands for none, where lists and masks are made."""
        none = len(self.spec.class_names)
        return torch.full((count,), none) if labels is None else labels.cpu()
