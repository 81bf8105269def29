"""The DCTransformer: what each prediction may know, legal lists, the cache, likelihoods."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from toy_lists import SIZES, build, generator, images_of, lists_of

from overtone.config import preset_names
from overtone.models.base import Batch, ImageSpec, from_pixels
from overtone.models.dct_transformer.blocks import attend
from overtone.models.dct_transformer.chunks import Lists, chunk_at, random_starts
from overtone.models.dct_transformer.config import DctTransformerConfig
from overtone.models.dct_transformer.net import DctTransformerNet
from overtone.models.dct_transformer.vocabulary import Vocabulary
from overtone.training.plan import resolve_plan


@pytest.fixture(params=SIZES, ids=str)
def size(request):
    return request.param


def test_the_encoder_never_sees_a_target(size):
    model = build(*size)
    lists = lists_of(model, images_of(*size))
    for start in (0, 12, 24):
        starts = torch.full((6,), start)
        chunk = chunk_at(lists, starts, 12, 4)
        seen = model.vocabulary.scatter(chunk.triples, chunk.is_before)
        changed = lists.triples.clone()
        changed[:, start:, 2] += 1
        other = chunk_at(dataclasses.replace(lists, triples=changed), starts, 12, 4)
        assert torch.equal(model.vocabulary.scatter(other.triples, other.is_before), seen)
        assert bool(seen.any()) == (start > 0)
        assert int(chunk.is_target.sum(1).max()) <= 12


@pytest.mark.parametrize("causal_neighbourhood", [False, True])
def test_a_later_triple_changes_no_earlier_prediction(size, causal_neighbourhood):
    model = build(*size, quality=95, causal_neighbourhood=causal_neighbourhood)
    lists = lists_of(model, images_of(*size))
    starts, classes = torch.full((6,), 12), torch.zeros(6, dtype=torch.int64)
    place = 20
    assert int(lists.lengths.min()) > place

    def nats(triples):
        chunk = chunk_at(dataclasses.replace(lists, triples=triples), starts, 12, 4)
        index = torch.nonzero(chunk.is_target)[:, 1] - 4 + 12
        with torch.no_grad():
            return [own[index < place] for own in model.nats(chunk, classes)], [
                own[index == place] for own in model.nats(chunk, classes)
            ]

    changed = lists.triples.clone()
    bound = model.vocabulary.bounds[changed[:, place, 0]]
    value = changed[:, place, 2]
    changed[:, place, 2] = torch.where(value == bound, -1, torch.where(value == -1, 1, value + 1))
    before, own = nats(lists.triples)
    after, other = nats(changed)
    for one, two in zip(before, after, strict=True):
        assert torch.equal(one, two)
    # Channel and position of the triple itself do not know its value; the value costs another sum.
    assert torch.equal(own[0], other[0])
    assert torch.equal(own[1], other[1])
    assert not torch.equal(own[2], other[2])


def test_chunks_cover_every_triple_and_the_stop_token_once(size):
    model = build(*size)
    lists = lists_of(model, images_of(*size))
    count = 0
    for start in range(0, lists.triples.shape[1], 12):
        rows = torch.nonzero(lists.lengths >= start)[:, 0]
        some = Lists(lists.triples[rows], lists.lengths[rows])
        count += int(chunk_at(some, torch.full((len(rows),), start), 12, 4).is_target.sum())
    assert count == int(lists.lengths.sum()) + 6


def test_starts_are_chunks_of_the_list_and_mostly_early(size):
    lists = Lists(torch.zeros(4000, 101, 3, dtype=torch.int64), torch.full((4000,), 95))
    starts = random_starts(lists.lengths, 20, 0.1, generator())
    counts = [int((starts == start).sum()) for start in (0, 20, 40, 60, 80)]
    assert sum(counts) == 4000
    assert counts == sorted(counts, reverse=True)
    weights = np.array([1, 0.8**3, 0.6**3, 0.1, 0.1])
    # Four standard deviations of a count of 4,000.
    assert np.abs(np.array(counts) - 4000 * weights / weights.sum()).max() < 4 * math.sqrt(1000)


def test_masks_are_what_the_rules_say(size):
    """A slow twin: a token is legal if a valid list can go on with it."""
    vocabulary = build(*size).vocabulary
    rng = np.random.default_rng(0)
    places = [(int(c), int(p)) for c, p in np.argwhere(vocabulary.allowed.numpy())]
    for number in rng.choice(len(places), 30, replace=False):
        channel, position = places[number]
        previous = torch.tensor([[channel, position, 1]])
        later = [place for place in places if place > (channel, position)]
        mask = vocabulary.channel_mask(previous)[0]
        legal = {c for c, _ in later} | {vocabulary.num_channels}
        found = set(torch.nonzero(mask)[:, 0].tolist())
        # A later channel always has places; the same one only behind the position.
        assert found == legal
        for following in rng.choice(sorted(legal - {vocabulary.num_channels} or {channel}), 3):
            mask = vocabulary.position_mask(previous, torch.tensor([following]))[0]
            assert torch.nonzero(mask)[:, 0].tolist() == [p for c, p in later if c == following]
            assert not vocabulary.value_mask(torch.tensor([following]))[0, vocabulary.max_value]


def test_real_images_have_legal_lists_and_come_back(size):
    model = build(*size, quality=95)
    images = images_of(*size)
    images[0], images[1] = 0, 255
    images[2] = np.random.default_rng(0).choice([0, 255], images[2].shape)
    lists = model.vocabulary.lists_of(images)
    nats = model.image_nats(from_pixels(torch.from_numpy(images)))
    assert bool(nats.isfinite().all())
    assert np.abs(model.vocabulary.images_of(lists).astype(int) - images).mean() < 30


@pytest.mark.parametrize("is_causal", [False, True])
def test_attention_is_that_of_pytorch(is_causal):
    shape = (2, 3, 7, 8)
    queries, keys, values = (torch.randn(shape, generator=generator(seed)) for seed in range(3))
    expected = torch.nn.functional.scaled_dot_product_attention(
        queries, keys, values, is_causal=is_causal
    )
    torch.testing.assert_close(attend(queries, keys, values, is_causal=is_causal), expected)


@pytest.mark.parametrize("stride", [2, 3])
def test_squares_of_blocks_reach_their_positions(stride):
    """Changing the partial image at a position changes the feature that is read there."""
    model = build(20, 17, 3, encoder_stride=stride)
    dense = torch.zeros(1, 9, 192)
    classes = torch.zeros(1, dtype=torch.int64)
    for position in range(9):
        changed = dense.clone()
        changed[0, position, 5] = 7.0
        squares = [model.net._squares(each) for each in (dense, changed)]
        square = torch.nonzero((squares[0] != squares[1]).any(-1)[0])[:, 0].tolist()
        assert square == [int(model.net._square_of()[position])]
    encoded = model.net.encode(dense, classes)
    assert encoded.by_position.shape == (1, 9, 12)


@pytest.mark.parametrize("preset", preset_names("dct-transformer"))
def test_presets_build_with_the_parameters_they_name(preset):
    plan = resolve_plan("dct-transformer", preset)
    side, channels = (384, 3) if preset == "paper-lsun" else (32, 3)
    spec = ImageSpec(height=side, width=side, channels=channels, num_images=1)
    vocabulary = Vocabulary(plan.network, spec)
    with torch.device("meta"):
        net = DctTransformerNet(plan.network, vocabulary, 0, generator=generator())
    millions = sum(parameter.numel() for parameter in net.parameters()) / 1e6
    large = {"paper-lsun": 448, "cifar10": 57, "cifar10-gpu": 23.6, "cifar10-b8": 1.25}
    expected = large.get(preset, 1.1 if "-b4" in preset else 4.3)
    assert abs(millions / expected - 1) < 0.04


def test_classes_are_conditions():
    model = build(12, 10, 1)
    images = from_pixels(torch.from_numpy(images_of(12, 10, 1)))
    labels = torch.zeros(6, dtype=torch.int64)
    costs = [model.image_nats(images, each) for each in (labels, labels + 1, None)]
    assert not torch.equal(costs[0], costs[1])
    assert not torch.equal(costs[0], costs[2])


@pytest.mark.slow
def test_training_learns_to_use_its_conditions():
    """After some steps, another image's partial picture or another class costs more."""
    rng = np.random.default_rng(0)
    # Each block has a brightness, and a slope that follows from it; the class is that of the first.
    bright = rng.integers(0, 4, (64, 2, 2))
    bright[:, 0, 0] = rng.integers(0, 2, 64)
    slopes = np.array([-30, -10, 10, 30])[bright][:, :, None, :, None] * np.linspace(-1, 1, 8)
    pixels = (40 + 50 * bright)[:, :, None, :, None] + slopes + np.zeros((1, 1, 8, 1, 1))
    images = pixels.reshape(64, 16, 16, 1).astype(np.uint8)
    classes = bright[:, 0, 0]
    model = build(16, 16, 1, chunk_size=4, overlap=0, dropout=0.0, width=24, early_floor=0.5)
    labels = torch.from_numpy(classes)
    batch = Batch(from_pixels(torch.from_numpy(images)), labels, torch.arange(64))
    optimizer, draws = torch.optim.Adam(model.parameters(), lr=1e-2), generator(1)
    for _ in range(80):
        optimizer.zero_grad()
        model.loss(batch, progress=0.5, generator=draws)["loss"].backward()
        optimizer.step()
    lists = model.lists_of(batch.images)
    chunk = chunk_at(lists, torch.full((64,), 4), 4, 0)
    order = torch.from_numpy(rng.permutation(64))
    mixed = dataclasses.replace(
        chunk, triples=chunk.triples[order], is_before=chunk.is_before[order]
    )
    with torch.no_grad():
        right, shuffled = (
            sum(float(own.sum()) for own in model.nats(each, labels)) for each in (chunk, mixed)
        )
        first, wrong = (
            float(model.image_nats(batch.images, each).sum()) for each in (labels, 1 - labels)
        )
    assert shuffled > 1.2 * right
    assert wrong > 1.02 * first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"block_size": 7}, "block_size must be 4, 8, 16 or 32, got 7"),
        ({"width": 10, "num_heads": 4}, "no multiple"),
        ({"overlap": 200}, "overlap must be in 0..111"),
        ({"top_p": (1.0, 0.0, 1.0)}, "three shares"),
        ({"chunk_size": 0}, "chunk_size must be at least 1"),
    ],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        DctTransformerConfig(**changes)
