"""The bits that the study of the entropy coder counts are those of the stream."""

import math

import numpy as np
import pytest
from experiments.kodak.tables import entropy_percent, tiled_dct_entropy
from experiments.tiled_dct.ablate import Variant, coded
from experiments.tiled_dct.entropy import (
    adaptive_bits,
    learned_bits,
    prior_counters,
    static_bits,
    stream_of,
)
from experiments.tiled_dct.symbols import TABLE_SIZES, Collector, Symbols
from toy_rows import store

from overtone.codecs.tiled_dct.header import PACKAGE
from overtone.entropy.context_state import load_context_state

KNOTS = """22 36 60 98 162 267 440 724 1179 1921 3108 4971 7812 11952 17625 24743 32768 40793 47911
53584 57724 60565 62428 63615 64357 64812 65096 65269 65374 65438 65476 65500 65514"""
ROWS = {"zero": (144, 36), "sign": (12, 13), "magnitude": (24, 12), "extent": (12, 3)}
ROWS |= {"split": (4, 1), "escape": (1, 1)}


def squash_and_stretch():
    knots = [int(word) for word in KNOTS.split()]
    squash = []
    for x in range(4096):
        i = min(x // 128, 31)
        t = x - 128 * i
        squash.append((knots[i] * (128 - t) + knots[i + 1] * t + 64) // 128)
    stretch = [next((x for x in range(4096) if squash[x] >> 4 >= p), 4095) for p in range(4096)]
    return squash, [x - 2048 for x in stretch]


SQUASH, STRETCH = squash_and_stretch()


def mixed_bits(symbols, counters, sets):
    """What the bits of an element cost with mixing, as docs/format.md has it."""
    counters = [table.tolist() for table in counters]
    cost = 0.0
    for bit, contexts, selectors in zip(
        symbols.bits.tolist(), symbols.contexts.tolist(), symbols.selectors.tolist(), strict=True
    ):
        own = [table[context] for table, context in zip(counters, contexts, strict=True)]
        inputs = [STRETCH[p >> 10] for p, _ in own] + [256]
        rows = [weights[selector] for weights, selector in zip(sets, selectors, strict=True)]
        mixed = [
            min(max(sum(w * x for w, x in zip(row, inputs, strict=True)) >> 16, -2047), 2047)
            for row in rows
        ]
        p = min(max(SQUASH[int(sum(mixed) / 2) + 2048], 16), 65520)
        cost -= math.log2((p if bit else 65536 - p) / 65536)
        for row, y in zip(rows, mixed, strict=True):
            error = (65536 * bit - SQUASH[y + 2048]) * 8
            row[:] = [w + ((error * x + (1 << 17)) >> 18) for w, x in zip(row, inputs, strict=True)]
        for counter in own:
            target = (1 << 22) - 1 if bit else 0
            counter[0] += int((target - counter[0]) * (131072 // (2 * counter[1] + 3)) / 65536)
            counter[1] = min(counter[1] + 1, 400)
    return cost


def weights_of_prior():
    weights = load_context_state(PACKAGE)[1].tolist()
    for name, rows in ROWS.items():
        inputs = len(TABLE_SIZES[name]) + 1
        sets = []
        for count in rows:
            sets.append([weights[i * inputs : (i + 1) * inputs] for i in range(count)])
            weights = weights[count * inputs :]
        yield name, sets
    assert not weights


@pytest.fixture(scope="module")
def picture():
    """136x72 pixels: edges, a smooth slope, noise, and tiles that the border cuts."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:72, :136]
    image = np.stack([x + y / 2, 200 - x, 90 + 60 * np.sin(x / 9 + y / 23)], 2)
    image[20:50, 30:70] = (200, 30, 60)
    image[:, 100:] += rng.normal(0, 25, (72, 36, 1))
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [35.0, 50.0])
def test_the_bits_cost_the_codecs_models_what_the_stream_has(picture, quality):
    stream = stream_of(coded(picture, Variant(), quality)[0])
    collector = Collector(picture.shape[1], picture.shape[0])
    found = collector.collect(stream)
    starts, weights = dict(prior_counters()), dict(weights_of_prior())
    costs = {name: mixed_bits(each, starts[name], weights[name]) for name, each in found.items()}
    total = collector.num_even_bits + sum(costs.values())
    assert total == pytest.approx(8 * len(stream), rel=0.01)
    for name, symbols in found.items():
        assert (symbols.contexts < TABLE_SIZES[name]).all()
        for count in (static_bits(symbols), adaptive_bits(symbols, starts[name])):
            assert len(count) == len(TABLE_SIZES[name])


def test_static_bits_are_the_entropy_given_the_context():
    bits = np.array([0, 1, 1, 1, 0, 0])
    contexts = np.array([[0, 3], [0, 3], [1, 3], [1, 3], [2, 3], [2, 3]])
    assert static_bits(Symbols(bits, contexts, contexts)) == [2.0, 6.0]


def test_a_counter_learns_as_the_format_says():
    start = np.array([[1 << 21, 0], [1 << 20, 400]])
    # 1/2, then (4194303 - 2097152) · 43690 >> 16 above it: 5/6.
    cost = learned_bits(np.array([1, 1]), np.array([0, 0]), start)
    assert cost == pytest.approx(1 - math.log2(5 / 6), abs=1e-3)
    assert learned_bits(np.array([0]), np.array([1]), start) == pytest.approx(
        -math.log2(0.75), abs=1e-3
    )
    assert start[0, 0] == 1 << 21, "the start is for all pictures"


def test_each_element_has_its_best_table_and_pictures_count_alike(tmp_path):
    rows = [
        {
            "image": name,
            "quality": 24.0,
            "stream_bits": stream,
            "even_bits": 10,
            "static_bits": {"zero": [1.0, static]},
            "adaptive_bits": {"zero": [9999.0, adaptive]},
        }
        for name, stream, static, adaptive in (("a", 1000, 1090.0, 1190.0), ("b", 100, 60.0, 110.0))
    ]
    found = entropy_percent(rows)
    assert found["adaptive"] == {"24": pytest.approx(20.0)}
    assert found["static"] == {"24": pytest.approx(-10.0)}
    store(tmp_path, "tiled_dct/rows/entropy.jsonl", rows)
    table = tiled_dct_entropy(tmp_path)
    assert "no mixing | +20.0 % |" in table
    assert "−10.0 % |" in table
    assert "2 pictures. Tables: zero 1." in table
