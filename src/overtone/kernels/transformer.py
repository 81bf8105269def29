"""Stacks of transformer decoder layers that write many lists a token at a time, and sampling.

The layers are those of `overtone.models.dct_transformer.blocks`, which is the twin: pre-norm
self-attention over a list's tokens, cross-attention over an encoder's sequence, then feed-forward
layers with exact GELU, each behind a gate. A cache keeps keys and values of the tokens read.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overtone.kernels import _transformer
from overtone.kernels.fourier import Isa

Float32 = NDArray[np.float32]
SUMS_VERSION = 1  # to be raised when sums are made in another order, because files depend on them


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StackSpec:
    """One stack: layers, and a linear head after them.

    Attributes:
        num_layers: Layers of the stack.
        num_logits: Outputs of the head.
        num_inputs: Numbers that are known of a token besides; a network of one hidden layer of
            `width` makes features of them, which are normalised. 0 for none.
    """

    num_layers: int
    num_logits: int
    num_inputs: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DecoderSpec:
    """Sizes of all layers, and the stacks.

    Attributes:
        width: Features.
        num_heads: Heads of attention; divides `width`.
        hidden: Features inside a feed-forward layer.
        num_feed_forwards: Feed-forward layers of each layer.
        stacks: The first reads what it is given; each other that and the normalised features of
            the one before, in sum.
    """

    width: int
    num_heads: int
    hidden: int
    num_feed_forwards: int
    stacks: tuple[StackSpec, ...]

    def __post_init__(self) -> None:
        sizes = [self.width, self.num_heads, self.hidden, *_sizes(self.stacks)]
        if min(sizes) < 1 or self.num_feed_forwards < 0 or not self.stacks:
            raise ValueError(f"sizes must be positive, got {self}")
        if self.width % self.num_heads:
            raise ValueError(f"width {self.width} is no multiple of {self.num_heads} heads")

    def shapes_of(self, number: int) -> list[tuple[int, ...]]:
        """Shapes of the weights of a stack, in their order.

        For every stack but the first, weight and bias of the norm of what the one before gives;
        with inputs, inner and outer (weight, bias) of their network and their norm. For each
        layer: norm (weight, bias), queries-keys-values, out; norm, queries, keys-values, out; for
        each feed-forward layer norm, inner (weight, bias), outer (weight, bias); the gates. Then
        norm and weight and bias of the head. Matrices are (outputs, inputs).
        """
        width, hidden, stack = self.width, self.hidden, self.stacks[number]
        norm: list[tuple[int, ...]] = [(width,), (width,)]
        own = [*norm, (3 * width, width), (width, width)]
        cross = [*norm, (width, width), (2 * width, width), (width, width)]
        feed = [*norm, (hidden, width), (hidden,), (width, hidden), (width,)]
        gates = [(2 + self.num_feed_forwards,)]
        layer = [*own, *cross, *feed * self.num_feed_forwards, *gates]
        head = [*norm, (stack.num_logits, width), (stack.num_logits,)]
        before = norm if number else []
        inner: list[tuple[int, ...]] = [(width, stack.num_inputs), (width,), (width, width)]
        inputs = [*inner, (width,), *norm] if stack.num_inputs else []
        return [*before, *inputs, *layer * stack.num_layers, *head]


def _sizes(stacks: Sequence[StackSpec]) -> list[int]:
    return [size for stack in stacks for size in (stack.num_layers, stack.num_logits)]


class Decoder:
    """Reads tokens of many lists and gives logits of what comes next.

    Results do not depend on the number of threads, nor those of a list on the others. One call at
    a time: use a decoder per Python thread. Weights are copied.

    Args:
        spec: What the stacks look like.
        weights: Weights of each stack, as `DecoderSpec.shapes_of` has them.
        num_threads: Worker threads, at least 1; at most 256 run, and fewer where the system grants
            fewer.
        isa: Instruction set.
        is_bfloat16: Keep matrices as bfloat16, in half the memory, by dropping the lower half of
            each weight; round before. Sums are float32 all the same.

    Raises:
        ValueError: A shape does not fit, or the processor lacks `isa`.
    """

    def __init__(
        self,
        spec: DecoderSpec,
        weights: Sequence[Sequence[Float32]],
        *,
        num_threads: int = 1,
        isa: Isa = "auto",
        is_bfloat16: bool = False,
    ) -> None:
        if len(weights) != len(spec.stacks):
            raise ValueError(f"expected weights of {len(spec.stacks)} stacks, got {len(weights)}")
        self.spec = spec
        self._native = _transformer.Decoder(
            width=spec.width,
            num_heads=spec.num_heads,
            hidden=spec.hidden,
            num_feed_forwards=spec.num_feed_forwards,
            num_threads=num_threads,
            isa=isa,
            is_bfloat16=is_bfloat16,
        )
        for number, (stack, own) in enumerate(zip(spec.stacks, weights, strict=True)):
            shapes = spec.shapes_of(number)
            if [array.shape for array in own] != shapes:
                raise ValueError(f"stack {number} needs weights of the shapes {shapes}")
            arrays = [_checked(f"weights of stack {number}", array) for array in own]
            sizes = (stack.num_layers, stack.num_logits, stack.num_inputs)
            self._native.add_stack(*sizes, arrays)
        self._num_lists = self._capacity = 0
        self._num_read = [0] * len(spec.stacks)

    @property
    def isa(self) -> str:
        """The instruction set in use."""
        return self._native.isa

    def prefill(self, encoded: Float32, capacity: int) -> None:
        """Empties the caches and fills those of cross-attention from new encoder outputs.

        Args:
            encoded: (lists, length, width), what each list attends to.
            capacity: Tokens of a list that can be read at most.
        """
        _checked("encoded", encoded)
        if encoded.ndim != 3 or encoded.shape[2] != self.spec.width or not encoded.size:
            raise ValueError(
                f"encoded must be (lists, length, {self.spec.width}), got {encoded.shape}"
            )
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, got {capacity}")
        self._native.prefill(encoded, capacity)
        self._num_lists, self._capacity = len(encoded), capacity
        self._num_read = [0] * len(self.spec.stacks)

    def decode_step(
        self, stack: int, x: Float32, lists: NDArray[np.int64], inputs: Float32 | None = None
    ) -> Float32:
        """Reads the next tokens of some lists with one stack.

        A stack reads the tokens that the one before has read, of the same lists or of some of them.

        Args:
            stack: Its number.
            x: (lists, tokens, width), what is added to the features of the stack before.
            lists: Their numbers, each once.
            inputs: (lists, tokens, num_inputs), for a stack that has such.

        Returns:
            Logits (lists, num_logits) after the last of the tokens.
        """
        if x.ndim != 3 or x.shape[::2] != (len(lists), self.spec.width) or not x.size:
            raise ValueError(f"x must be ({len(lists)}, tokens, {self.spec.width}), got {x.shape}")
        if lists.dtype != np.int64 or lists.min() < 0 or lists.max() >= self._num_lists:
            raise ValueError(f"lists must be int64 in 0..{self._num_lists - 1}, got {lists}")
        num_read, num_new = self._num_read, x.shape[1]
        if stack and num_read[stack] + num_new != num_read[stack - 1]:
            missing = num_read[stack - 1] - num_read[stack]
            raise ValueError(f"stack {stack} must read {missing} more tokens, got {num_new}")
        if num_read[0] + (0 if stack else num_new) > self._capacity:
            raise ValueError(f"the caches hold {self._capacity} tokens; cannot read {num_new} more")
        shape = (*x.shape[:2], self.spec.stacks[stack].num_inputs)
        inputs = np.empty(shape, np.float32) if inputs is None and not shape[2] else inputs
        if inputs is None or inputs.shape != shape:
            found = None if inputs is None else inputs.shape
            raise ValueError(f"inputs of stack {stack} must be {shape}, got {found}")
        logits = np.empty((len(lists), self.spec.stacks[stack].num_logits), np.float32)
        self._native.decode_step(stack, x, inputs, lists, logits)
        num_read[stack] += num_new
        return logits


def sample_top_p(
    logits: Float32,
    is_legal: NDArray[np.bool_],
    drawn: NDArray[np.float64],
    *,
    temperature: float,
    top_p: float,
) -> NDArray[np.int64]:
    """A token for each row of logits (rows, tokens).

    Args:
        logits: Logits of each token.
        is_legal: Which may be drawn, at least one in each row.
        drawn: In [0, 1) for each row; decides.
        temperature: Logits are divided by it, > 0.
        top_p: Share of the probability that is drawn from.
    """
    if logits.ndim != 2 or is_legal.shape != logits.shape or drawn.shape != logits.shape[:1]:
        raise ValueError(
            "logits and is_legal must be (rows, tokens) and drawn (rows,), got "
            f"{logits.shape}, {is_legal.shape} and {drawn.shape}"
        )
    tokens = np.empty(len(logits), np.int64)
    _transformer.sample_top_p(logits, is_legal, temperature, top_p, drawn, tokens)
    return tokens


def _checked(name: str, array: Float32) -> Float32:
    if array.dtype != np.float32 or not array.flags.c_contiguous:
        raise ValueError(f"{name} must be C-contiguous float32, got {array.dtype}")
    return array
