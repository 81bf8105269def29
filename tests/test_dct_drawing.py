"""Lists that a DCTransformer draws: valid, the same with the cache, going on from what is given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toy_lists import SIZES, build, generator, images_of

from overtone.transform.triples import TripleLists


@pytest.fixture(params=SIZES, ids=str)
def size(request):
    return request.param


@pytest.mark.parametrize("order", ["paper", "luma-first", "low-first"])
def test_every_sample_is_a_valid_list(size, order):
    model = build(*size, order=order)
    drawn = model.complete(None, torch.tensor([0, 1, 2, 0]), generator=generator())
    vocabulary = model.vocabulary
    for own in drawn.split():
        pairs = [(int(c), int(p)) for c, p, _ in own]
        assert pairs == sorted(set(pairs))
        assert all(bool(vocabulary.allowed[c, p]) for c, p in pairs)
        assert all(0 < abs(int(v)) <= int(vocabulary.bounds[int(c)]) for c, _, v in own)
    assert len(vocabulary.images_of(drawn)) == 4


@pytest.mark.parametrize("overlap", [0, 2])
@pytest.mark.parametrize("surroundings", [False, True])
def test_the_cache_changes_nothing(size, overlap, surroundings):
    model = build(*size, chunk_size=3, overlap=overlap, surroundings=surroundings)
    classes = torch.tensor([0, 1, 2])
    plain, *others = (
        model.complete(None, classes, generator=generator(3), engine=engine)
        for engine in ("uncached", "torch", "native")
    )
    for drawn in others:
        np.testing.assert_array_equal(drawn.counts, plain.counts)
        np.testing.assert_array_equal(drawn.triples, plain.triples)
    assert plain.counts.max() > model.config.chunk_size  # more than one chunk


def test_what_is_given_is_kept_and_nothing_is_added_to_it(size):
    model = build(*size, order="luma-first")
    whole = model.vocabulary.lists_of(images_of(*size))
    first_channel = 64 if size[2] == 3 else 3
    kept = [own[own[:, 0] < first_channel] for own in whole.split()]
    given = TripleLists(np.concatenate(kept), np.array([len(own) for own in kept]))
    drawn = model.complete(
        given, torch.full((6,), 2), first_channel=first_channel, generator=generator()
    )
    for own, begun in zip(drawn.split(), kept, strict=True):
        np.testing.assert_array_equal(own[own[:, 0] < first_channel], begun)


def test_nothing_unlikely_is_drawn_with_a_small_share(size):
    model = build(*size)
    labels = torch.tensor([1])
    greedy = model.complete(None, labels, generator=generator(1), top_p=(1e-9,) * 3)
    cold = model.complete(None, labels, generator=generator(2), temperature=0.0)
    np.testing.assert_array_equal(greedy.triples, cold.triples)


def test_a_list_can_be_cut_short(size):
    model = build(*size)
    whole, short = (
        model.complete(None, torch.tensor([0, 1, 2]), generator=generator(4), max_triples=most)
        for most in (None, 3)
    )
    assert short.counts.max() == 3
    for one, two in zip(whole.split(), short.split(), strict=True):
        np.testing.assert_array_equal(one[:3], two)
