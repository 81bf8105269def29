"""The decoder kernel against PyTorch's layers, on every instruction set."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from toy_transformer import Twin, sequences

from overtone.kernels import transformer_twin
from overtone.kernels.fourier import supported_isas
from overtone.kernels.transformer import Decoder, DecoderSpec, StackSpec, sample_top_p

TOLERANCE = 1e-5  # logits are of about unit size

SPECS = {
    "presets": (192, 6, 768, 1),
    "odd": (20, 5, 33, 2),
    "one head": (24, 1, 7, 1),
    "narrow": (6, 3, 65, 3),
    "wide heads": (99, 3, 40, 1),
}


def spec_of(width, num_heads, hidden, num_feed_forwards):
    sizes = [(2, 7, 0), (1, 1, 3), (2, 70, 37)]
    return DecoderSpec(
        width=width,
        num_heads=num_heads,
        hidden=hidden,
        num_feed_forwards=num_feed_forwards,
        stacks=tuple(StackSpec(num_layers=n, num_logits=k, num_inputs=m) for n, k, m in sizes),
    )


@pytest.fixture(params=["baseline", "avx2", "avx512"])
def isa(request):
    if request.param not in supported_isas():
        pytest.skip(f"this processor lacks {request.param}")
    return request.param


@pytest.mark.parametrize("num_lists", [1, 5, 38])
@pytest.mark.parametrize("name", SPECS)
def test_logits_are_those_of_the_layers(name, num_lists, isa):
    spec = spec_of(*SPECS[name])
    twin = Twin(spec)
    length = 1 + 6 * num_lists % 19
    encoded, fed, known = sequences(spec, num_lists, length, 41)
    decoder = Decoder(spec, twin.weights, isa=isa)
    decoder.prefill(encoded, 41)
    lists, first = np.arange(num_lists), 0
    for count in (5, 1, 1, 33, 1):  # over the borders of vectors
        end = first + count
        some = (slice(None), slice(end))
        expected = twin.logits(encoded, [x[some] for x in fed], [x[some] for x in known])
        for number in range(3):
            logits = advance(decoder, number, fed, known, lists, first, end)
            error = np.abs(logits - expected[number]).max()
            assert error < TOLERANCE * np.abs(expected[number]).max()
        first = end


def advance(decoder, number, fed, known, lists, first, end):
    """Reads some tokens of some lists."""
    x, inputs = (own[number][lists, first:end] for own in (fed, known))
    return decoder.decode_step(number, x, lists, inputs)


def run(decoder, encoded, fed, known, lists, counts=(3, 1, 1)):
    """All logits of some of the lists."""
    decoder.prefill(encoded, 8)
    first, logits = 0, []
    for count in counts:
        end = first + count
        logits += [advance(decoder, n, fed, known, lists, first, end) for n in range(3)]
        first = end
    return logits


def test_neither_threads_nor_company_change_a_bit(isa):
    spec = spec_of(48, 3, 96, 1)
    twin = Twin(spec)
    encoded, fed, known = sequences(spec, 30, 5, 8)
    every = np.arange(30)
    one, three = (
        run(Decoder(spec, twin.weights, num_threads=n, isa=isa), encoded, fed, known, every)
        for n in (1, 3)
    )
    some = np.array([17, 2, 29])
    alone = run(Decoder(spec, twin.weights, isa=isa), encoded, fed, known, some)
    for a, b, c in zip(one, three, alone, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a[some], c)


def test_lists_can_end_within_a_step_and_between(isa):
    spec = spec_of(20, 5, 33, 1)
    twin = Twin(spec)
    encoded, fed, known = sequences(spec, 4, 3, 8)
    decoder = Decoder(spec, twin.weights, isa=isa)
    expected = run(decoder, encoded, fed, known, np.arange(4), (2, 1))
    decoder.prefill(encoded, 8)
    advance(decoder, 0, fed, known, np.array([0, 1, 3]), 0, 2)
    advance(decoder, 1, fed, known, np.array([1, 3]), 0, 2)
    advance(decoder, 2, fed, known, np.array([1, 3]), 0, 2)
    lists = np.array([3])
    for number in range(3):
        logits = advance(decoder, number, fed, known, lists, 2, 3)
        np.testing.assert_array_equal(logits, expected[3 + number][lists])


def test_many_rows_are_those_of_few(isa):
    spec = spec_of(20, 5, 33, 1)
    twin = Twin(spec)
    encoded, fed, known = sequences(spec, 70, 2, 8)
    decoder = Decoder(spec, twin.weights, isa=isa)
    together = run(decoder, encoded, fed, known, np.arange(70), (7, 1))  # more than pass together
    for some in np.split(np.arange(70), 5):
        few = run(decoder, encoded, fed, known, some, (7, 1))
        for a, b in zip(together, few, strict=True):
            np.testing.assert_array_equal(a[some], b)


def test_bfloat16_is_the_network_of_rounded_matrices(isa):
    spec = spec_of(20, 5, 33, 2)
    twin = Twin(spec)
    rounded = [
        [torch.from_numpy(w).bfloat16().float().numpy() if w.ndim == 2 else w for w in own]
        for own in twin.weights
    ]
    encoded, fed, known = sequences(spec, 14, 3, 8)
    full, half = (
        run(Decoder(spec, rounded, isa=isa, is_bfloat16=each), encoded, fed, known, np.arange(14))
        for each in (False, True)
    )
    for a, b in zip(full, half, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_are_copied():
    spec = spec_of(20, 5, 33, 1)
    twin = Twin(spec)
    encoded, fed, known = sequences(spec, 2, 3, 8)
    decoder = Decoder(spec, twin.weights)
    before = run(decoder, encoded, fed, known, np.arange(2))
    for own in twin.weights:
        for weight in own:
            weight *= 2
    for a, b in zip(before, run(decoder, encoded, fed, known, np.arange(2)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_mistakes_are_named():
    spec = spec_of(20, 5, 33, 1)
    twin = Twin(spec)
    with pytest.raises(ValueError, match="no multiple of 3 heads"):
        spec_of(20, 3, 33, 1)
    with pytest.raises(ValueError, match="weights of the shapes"):
        Decoder(spec, [own[:-1] for own in twin.weights])
    decoder = Decoder(spec, twin.weights)
    encoded, fed, _ = sequences(spec, 2, 3, 8)
    with pytest.raises(ValueError, match="must be C-contiguous float32, got float64"):
        decoder.prefill(cast(Any, encoded.astype(np.float64)), 8)
    decoder.prefill(encoded, 2)
    lists = np.arange(2)
    with pytest.raises(ValueError, match="x must be"):
        decoder.decode_step(0, fed[0][:1, :1], lists)
    with pytest.raises(ValueError, match="the caches hold 2 tokens; cannot read 3 more"):
        decoder.decode_step(0, np.ascontiguousarray(fed[0][:, :3]), lists)
    decoder.decode_step(0, np.ascontiguousarray(fed[0][:, :1]), lists)
    with pytest.raises(ValueError, match="stack 1 must read 1 more tokens"):
        decoder.decode_step(1, np.ascontiguousarray(fed[1][:, :2]), lists)
    with pytest.raises(ValueError, match=r"inputs of stack 1 must be \(2, 1, 3\), got None"):
        decoder.decode_step(1, np.ascontiguousarray(fed[1][:, :1]), lists)
    with pytest.raises(ValueError, match=r"lists must be int64 in 0\.\.1"):
        decoder.decode_step(1, np.ascontiguousarray(fed[1][:, :1]), np.array([0, 2]))


@pytest.mark.parametrize("top_p", [1.0, 0.8, 0.3, 1e-9])
@pytest.mark.parametrize("temperature", [1.0, 0.3, 3.0, np.finfo(float).eps])
def test_tokens_are_those_of_the_twin(temperature, top_p):
    rng = np.random.default_rng(0)
    for num_tokens in (1, 2, 17, 200):
        logits = rng.normal(size=(100, num_tokens)).astype(np.float32) * 3
        is_legal = rng.random((100, num_tokens)) < 0.6
        is_legal[np.arange(100), rng.integers(num_tokens, size=100)] = True
        drawn = rng.random(100)
        drawn[0], drawn[1] = 0.0, np.nextafter(1.0, 0)
        sampled, expected = (
            each(logits, is_legal, drawn, temperature=temperature, top_p=top_p)
            for each in (sample_top_p, transformer_twin.sample_top_p)
        )
        np.testing.assert_array_equal(sampled, expected)
        assert is_legal[np.arange(100), sampled].all()


def test_shares_of_tokens_are_the_probabilities():
    logits = np.log(np.array([[0.5, 0.2, 0.0001, 0.3]], np.float32)).repeat(4000, 0)
    is_legal = np.array([[True, True, True, False]]).repeat(4000, 0)
    drawn = (np.arange(4000) + 0.5) / 4000
    counts = np.bincount(
        sample_top_p(logits, is_legal, drawn, temperature=1.0, top_p=1.0), minlength=4
    )
    np.testing.assert_allclose(counts / 4000, [5 / 7, 2 / 7, 0, 0], atol=1e-3)
    with pytest.raises(ValueError, match="nothing is legal in row 1"):
        sample_top_p(
            logits[:2], is_legal[:2] & [[True], [False]], drawn[:2], temperature=1.0, top_p=1.0
        )
