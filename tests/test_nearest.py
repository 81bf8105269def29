"""Nearest pictures and the share of samples that are nearer than real ones."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import pictures

from overtone.metrics.distribution import nearest
from overtone.metrics.distribution.nearest import nearest_others, nearest_pictures, share_nearer


def by_hand(some, among):
    differences = some[:, None].astype(float) - among[None]
    return np.sqrt((differences**2).mean((2, 3, 4)))


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_neighbours_are_those_of_all_pairs(monkeypatch, chunk):
    monkeypatch.setattr(nearest, "_CHUNK", chunk)
    some, among = pictures(6, 5, 7, 3), pictures(23, 5, 7, 3)[::-1]
    found = nearest_pictures(some, among, num_neighbours=3)
    every = by_hand(some, among)
    np.testing.assert_allclose(found.distances, np.sort(every, axis=1)[:, :3])
    np.testing.assert_allclose(np.take_along_axis(every, found.indices, 1), found.distances)


def test_a_copy_is_at_distance_zero():
    among = pictures(9, 28, 20, 1)
    found = nearest_pictures(among[[4]], among)
    assert (found.indices.item(), found.distances.item()) == (4, 0.0)


def test_a_picture_is_no_neighbour_of_itself():
    images = pictures(12, 6, 5, 1)
    every = by_hand(images, images)
    np.fill_diagonal(every, np.inf)
    np.testing.assert_allclose(nearest_others(images), every.min(1))
    twice = np.concatenate([images, images[:1]])
    assert nearest_others(twice)[0] == nearest_others(twice)[-1] == 0


def test_the_share_is_a_half_where_both_are_alike():
    same = np.random.default_rng(0).random(40)
    assert share_nearer(same, same) == pytest.approx(0.5)
    assert share_nearer(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 1
    assert share_nearer(np.array([3.0]), np.array([1.0, 3.0, 4.0, 5.0])) == pytest.approx(2.5 / 4)


def test_too_few_pictures_are_refused():
    with pytest.raises(ValueError, match="2 neighbours"):
        nearest_others(pictures(1, 4, 5, 1))
