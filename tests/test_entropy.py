"""Entropy tables and the range coder: exact inverses, and an error for anything else."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.range_twin import RangeTwin

from overtone.entropy.coder import SymbolDecoder, SymbolEncoder, decode_symbols, encode_symbols
from overtone.entropy.tables import (
    NUM_SCALES,
    NUM_TABLES,
    SCALE_OF_ONE,
    SHAPES,
    TOTAL_BITS,
    best_table,
    cost_bits,
    table,
)
from overtone.errors import BitstreamError, LimitExceededError

levels_lists = st.lists(
    st.one_of(st.integers(-3, 3), st.integers(-300, 300), st.integers(1 - 2**24, 2**24 - 1)),
    max_size=60,
)
indices = st.integers(0, NUM_TABLES - 1)


def as_levels(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int32)


@pytest.mark.parametrize("index", range(NUM_TABLES))
def test_counts_are_positive_symmetric_and_sum_to_a_power_of_two(index):
    chosen = table(index)
    assert chosen.counts.sum() == 1 << TOTAL_BITS
    assert chosen.counts.min() >= 1
    assert (chosen.counts[:-1] == chosen.counts[:-1][::-1]).all()
    assert chosen.counts.size == 2 * chosen.max_level + 2


@pytest.mark.parametrize("scale", [8, SCALE_OF_ONE, 20, 28])
def test_laplace_counts_follow_the_distribution(scale):
    # In float64: mass of [k - 1/2, k + 1/2] under a Laplace density of spread b.
    spread = 2.0 ** ((scale - SCALE_OF_ONE) / 4)
    chosen = table(SHAPES.index("laplace") * NUM_SCALES + scale)
    k = np.arange(1, chosen.max_level + 1)
    mass = (np.exp(-(k - 0.5) / spread) - np.exp(-(k + 0.5) / spread)) / 2
    share = chosen.counts[chosen.max_level + 1 : -1] / (1 << TOTAL_BITS)
    # one count per symbol is given away first, so a share may be off by the alphabet's size
    assert np.abs(share - mass).max() <= (2 * chosen.max_level + 4) / (1 << TOTAL_BITS)


def test_gaussian_counts_follow_the_distribution():
    chosen = table(SHAPES.index("gaussian") * NUM_SCALES + SCALE_OF_ONE + 8)  # sigma 4
    k = np.arange(-chosen.max_level, chosen.max_level + 1)
    mass = np.exp(-(k**2) / 32.0)
    share = chosen.counts[:-1] / (1 << TOTAL_BITS)
    assert np.abs(share - mass / mass.sum()).max() <= 1e-3


def test_stored_ratios_are_those_of_the_formula():
    from overtone.entropy.ratios import GAUSSIAN_RATIOS, LAPLACE_RATIOS

    spread = 2.0 ** ((np.arange(NUM_SCALES) - SCALE_OF_ONE) / 4)
    laplace = [ratio / 2**64 for ratio in LAPLACE_RATIOS]
    np.testing.assert_allclose(laplace, np.exp(-0.5 / spread), rtol=1e-14)
    gaussian = [ratio / 2**64 for ratio in GAUSSIAN_RATIOS]
    np.testing.assert_allclose(gaussian, np.exp(-0.5 / spread**2), rtol=1e-13, atol=1e-19)


@pytest.mark.parametrize("index", [-1, NUM_TABLES])
def test_an_unknown_table_is_refused(index):
    with pytest.raises(ValueError, match="table index must be in"):
        table(index)


@given(levels_lists, indices)
@settings(deadline=None)
def test_decoding_inverts_encoding(values, index):
    levels = as_levels(values)
    data = encode_symbols(levels, index)
    np.testing.assert_array_equal(decode_symbols(data, levels.size, index), levels)


@given(st.lists(st.tuples(levels_lists, indices), max_size=5))
@settings(deadline=None)
def test_groups_of_several_tables_come_back_in_order(groups):
    encoder = SymbolEncoder()
    for values, index in groups:
        encoder.put(as_levels(values), index)
    decoder = SymbolDecoder(encoder.finish())
    for values, index in groups:
        assert decoder.get(len(values), index).tolist() == values
    decoder.finish()


@given(levels_lists, indices, st.data())
@settings(deadline=None)
def test_a_cut_code_gives_levels_or_a_bitstream_error(values, index, data):
    code = encode_symbols(as_levels(values), index)
    cut = data.draw(st.integers(0, len(code)))
    with contextlib.suppress(BitstreamError):
        assert decode_symbols(code[:cut], len(values), index).shape == (len(values),)


@given(st.binary(max_size=120), st.integers(0, 200), indices)
@settings(deadline=None)
def test_garbage_gives_levels_or_a_bitstream_error(data, count, index):
    with contextlib.suppress(BitstreamError):
        assert decode_symbols(data, count, index).shape == (count,)


@given(st.lists(st.tuples(levels_lists, st.integers(0, 95).map(lambda i: i // 2)), max_size=3))
@settings(deadline=None, max_examples=30)
def test_the_decoder_of_the_specification_reads_the_same(groups):
    encoder = SymbolEncoder()
    for values, index in groups:
        encoder.put(as_levels(values), index)
    twin = RangeTwin(encoder.finish())
    for values, index in groups:
        assert twin.get(len(values), index) == values


def test_bytes_that_are_left_over_are_noticed():
    data = encode_symbols(as_levels([1, 0, -2, 5] * 50), 60)
    with pytest.raises(BitstreamError, match="hold more than the symbols asked"):
        decode_symbols(data, 10, 60)


def test_an_absurd_count_is_refused_before_anything_is_allocated():
    with pytest.raises(LimitExceededError, match="count of symbols"):
        decode_symbols(b"", 1 << 40, 0)


def test_levels_too_large_for_the_escape_are_refused():
    with pytest.raises(ValueError, match="below 2\\^24"):
        encode_symbols(as_levels([1 << 24]), 0)


@pytest.mark.parametrize("spread", [0.3, 1.0, 6.0, 40.0])
def test_the_rate_is_close_to_the_entropy_and_to_the_estimate(spread):
    rng = np.random.default_rng(1)
    levels = np.rint(rng.laplace(scale=spread, size=20000)).astype(np.int32)
    index = best_table(levels)
    bits = 8 * len(encode_symbols(levels, index))
    _, counts = np.unique(levels, return_counts=True)
    entropy = -(counts * np.log2(counts / levels.size)).sum()
    assert bits <= 1.03 * entropy + 64  # a quarter octave of scale and two words
    assert abs(bits - cost_bits(levels, index)) <= 0.002 * bits + 64


def test_levels_beyond_every_table_still_have_a_best_one():
    assert best_table(as_levels([1 << 20, -(1 << 22)])) % NUM_SCALES == NUM_SCALES - 1


def test_the_best_table_of_nothing_exists():
    assert best_table(as_levels([])) == 0


def test_the_code_of_a_fixed_message_never_changes():
    # A changed library or table would make old files unreadable: this is the guard.
    message = as_levels([0, 1, -1, 2, 0, 0, -7, 3, 40, -5000, 0, 1])
    assert encode_symbols(message, 61).hex() == "96e72594c794b5e6b8da2424"
