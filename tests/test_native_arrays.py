"""What the native modules refuse, whoever calls them, and how they say so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from overtone.codecs.sparse_dct.stream import PACKAGE as SPARSE_DCT
from overtone.codecs.tiled_dct.header import PACKAGE as DFM
from overtone.entropy.context_state import load_context_state
from overtone.kernels import _fit, _fourier, _sparse_dct, _tiled_dct, _transformer

SIZE = {"width": 24, "height": 16, "channels": 3}
SETTINGS: dict[str, Any] = {
    "step": 8.0,
    "rd_weight": 0.1,
    "overlap": 0.5,
    "reconstruction_offset_one": 0.02,
    "reconstruction_offset": 0.02,
    "min_log2": 3,
    "max_log2": 6,
}


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("planes", "message"),
    [
        (
            zeros(3, 16, 24).astype(np.float64),
            r"planes must be C-contiguous float32 of shape \(3, 16, 24\), got float64 of shape "
            r"\(3, 16, 24\)",
        ),
        (zeros(3, 24, 16).swapaxes(1, 2), r"got strided float32 of shape \(3, 16, 24\)"),
        (zeros(16, 24), r"got float32 of shape \(16, 24\)"),
        (zeros(3, 8, 24), r"got float32 of shape \(3, 8, 24\)"),
    ],
)
def test_the_tiled_encoder_checks_what_it_reads(planes, message):
    encoder = _tiled_dct.Encoder(*load_context_state(DFM), **(SIZE | SETTINGS))
    assert encoder.next_rows == (0, 16)
    with pytest.raises(ValueError, match=message):
        encoder.encode_row(planes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 20}, "multiples of 8, got 3 channels of 20 x 16"),
        ({"channels": 5}, "1 to 4 channels"),
        ({"step": 0.0}, "step must be positive"),
        ({"overlap": 4.5}, "overlap must be 0 to 4 pixels, got 4.5"),
        ({"max_log2": 7}, r"within 3\.\.6, got 3 and 7"),
    ],
)
def test_the_tiled_encoder_checks_its_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        _tiled_dct.Encoder(*load_context_state(DFM), **(SIZE | SETTINGS | settings))


def test_the_tiled_encoder_takes_no_rows_after_the_last():
    encoder = _tiled_dct.Encoder(*load_context_state(DFM), **(SIZE | SETTINGS))
    encoder.encode_row(zeros(3, 16, 24))
    with pytest.raises(ValueError, match="all rows have been encoded"):
        encoder.encode_row(zeros(3, 16, 24))


def test_the_tiled_decoder_checks_what_it_writes():
    size = {"width": 16, "height": 64, "channels": 1}
    encoder = _tiled_dct.Encoder(*load_context_state(DFM), **size, **SETTINGS)
    encoder.encode_row(zeros(1, 64, 16))
    decoder = _tiled_dct.Decoder(encoder.finish(), *load_context_state(DFM), **size)
    xs, ys = np.arange(16.0), np.arange(64.0)

    def render(values: np.ndarray, isa: str = "auto") -> None:
        decoder.render(
            xs,
            ys,
            values,
            step=8.0,
            overlap=0.5,
            reconstruction_offset_one=0.0,
            reconstruction_offset=0.0,
            blend=0.0,
            num_threads=1,
            isa=isa,
        )

    for call in (decoder.tiles, lambda: render(zeros(1, 64, 16))):
        with pytest.raises(ValueError, match="no row has been decoded"):
            call()
    decoder.decode_row()
    with pytest.raises(ValueError, match="all rows have been decoded"):
        decoder.decode_row()
    with pytest.raises(ValueError, match=r"\(1, 64, 16\), got float32 of shape \(1, 16, 64\)"):
        render(zeros(1, 16, 64))
    with pytest.raises(ValueError, match="isa must be auto, baseline, avx2 or avx512, got sse"):
        render(zeros(1, 64, 16), "sse")
    render(zeros(1, 64, 16))


def test_the_sparse_coder_checks_its_components():
    prior = load_context_state(SPARSE_DCT)
    table = np.ones(64, np.uint16)
    with pytest.raises(ValueError, match="both chroma components must have as many blocks"):
        _sparse_dct.decode(b"", [(2, 2), (1, 1), (2, 1)], [table] * 3, *prior, is_prefix=True)
    with pytest.raises(ValueError, match="got 1 components and 2 tables"):
        _sparse_dct.decode(b"", [(2, 2)], [table] * 2, *prior, is_prefix=True)
    with pytest.raises(ValueError, match="at least one block, got 0 rows of 2"):
        _sparse_dct.decode(b"", [(0, 2)], [table], *prior, is_prefix=True)
    with pytest.raises(ValueError, match=r"a table must be C-contiguous uint16 of shape \(64\)"):
        _sparse_dct.decode(b"", [(2, 2)], [table[1:]], *prior, is_prefix=True)
    with pytest.raises(ValueError, match=r"levels of a component .* \(64, any, any\)"):
        _sparse_dct.encode([np.zeros((63, 2, 2), np.int16)], [table], *prior)
    with pytest.raises(ValueError, match="another version"):
        _sparse_dct.encode([np.zeros((64, 2, 2), np.int16)], [table], prior[0][1:], prior[1])


def test_the_networks_check_their_arrays():
    spec: dict[str, Any] = {"input_scales": [1.0], "hidden": [3], "residual": True}
    runner = _fourier.Runner(
        **spec, num_axes=2, num_outputs=1, has_tanh=False, num_threads=1, isa="auto"
    )
    weights, positions = zeros(runner.num_weights), zeros(2, 5)
    runner.forward(weights, positions, zeros(1, 5))
    with pytest.raises(ValueError, match=r"values must be .* \(1, 5\), got float32 of shape \(5\)"):
        runner.forward(weights, positions, zeros(5))
    with pytest.raises(ValueError, match="weights must be"):
        runner.forward(weights[1:], positions, zeros(1, 5))
    with pytest.raises(ValueError, match=r"gradients must be .*\(2, 40\)"):
        runner.vjp_batch(zeros(2, 40), positions, zeros(2, 1, 5), zeros(1, 40))
    with pytest.raises(ValueError, match=r"targets must be .* of shape \(any, 5\)"):
        _fit.Fitter(
            **spec,
            tanh=False,
            positions=positions,
            targets=zeros(1, 4),
            weights=weights,
            groups=np.zeros(len(weights), np.int32),
            log_steps=zeros(1),
            soap=False,
            beta1=0.9,
            beta2=0.9,
            refresh_every=1,
            clip_factor=0.0,
            batch_size=5,
            seed=0,
            peak_rate=0.1,
            warmup_steps=0,
            total_steps=1,
            cosine=False,
            final_fraction=0.0,
        )


def test_the_transformer_checks_what_it_reads():
    width = 4
    square, norm = width**2, [width, width]
    layer = [*norm, 3 * square, square, *norm, square, 2 * square, square, 2]
    sizes = [*layer, *norm, 3 * width, 3]
    weights = [zeros(size) for size in sizes]
    more = [zeros(width), zeros(width), *weights]

    def decoder(*stacks: list[np.ndarray]) -> _transformer.Decoder:
        made = _transformer.Decoder(
            width=width,
            num_heads=2,
            hidden=1,
            num_feed_forwards=0,
            num_threads=1,
            isa="auto",
            is_bfloat16=False,
        )
        for own in stacks:
            made.add_stack(1, 3, 0, own)
        return made

    with pytest.raises(ValueError, match=r"array 2 of .* weights must hold 48 numbers, got 16"):
        decoder([*weights[:2], *weights[3:]])
    with pytest.raises(ValueError, match="a stack has 14 weights, got 15"):
        decoder([*weights, zeros(1)])
    made = decoder(weights, more)
    with pytest.raises(ValueError, match=r"encoded must be .* \(any, any, 4\)"):
        made.prefill(zeros(2, 3, 5), 4)
    made.prefill(zeros(2, 3, width), 3)

    def step(stack: int, num_tokens: int, lists: list[int]) -> None:
        shape = (len(lists), num_tokens)
        numbers, logits = np.array(lists, np.int64), zeros(len(lists), 3)
        made.decode_step(stack, zeros(*shape, width), zeros(*shape, 0), numbers, logits)

    for lists in ([0, 2], [-1], [1, 1]):
        with pytest.raises(ValueError, match="lists must be different numbers below 2"):
            step(0, 1, lists)
    with pytest.raises(ValueError, match="stack must be below 2, got 2"):
        step(2, 1, [0])
    with pytest.raises(ValueError, match="the caches hold 3 tokens, not 4"):
        step(0, 4, [0])
    step(0, 1, [0, 1])
    step(0, 1, [0, 1])
    with pytest.raises(ValueError, match="tokens that the stack before has just read"):
        step(1, 2, [0, 1])


def test_sampling_checks_its_rows():
    legal = np.ones((2, 3), np.bool_)
    with pytest.raises(ValueError, match=r"drawn must be .* float64 of shape \(2\)"):
        _transformer.sample_top_p(zeros(2, 3), legal, 1.0, 1.0, np.zeros(1), np.zeros(2, np.int64))
    with pytest.raises(ValueError, match="temperature must be positive"):
        _transformer.sample_top_p(zeros(2, 3), legal, 0.0, 1.0, np.zeros(2), np.zeros(2, np.int64))
