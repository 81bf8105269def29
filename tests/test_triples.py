"""Lists of triples: orders, inverses, and what a wrong list says."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import scene

from overtone.transform.levels import Sampling, from_levels, to_levels
from overtone.transform.quant import q_table
from overtone.transform.scan import zigzag
from overtone.transform.triples import (
    TripleLists,
    channel_order,
    dense_images,
    from_triples,
    levels_of_dense,
    to_triples,
)

ORDERS = ["paper", "luma-first", "low-first"]
every_order = pytest.mark.parametrize("order", ORDERS)
every_block_size = pytest.mark.parametrize("size", [4, 8, 16, 32])


def batch(shape, channels=3, count=3):
    return np.stack([scene(*shape, channels=channels, seed=seed) for seed in range(count)])


def tables(size, channels, quality=50):
    return [q_table(size, quality, is_chroma=c in (1, 2)) for c in range(channels)]


def dense_of(images, size, quality=50):
    _, height, width, channels = images.shape
    sampling = Sampling(height, width, channels, block_size=size)
    return dense_images(to_levels(images, tables(size, channels, quality), size), sampling)


@every_order
@every_block_size
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(1, 1), (32, 32), (24, 40), (41, 23)], ids=str)
def test_lists_and_dense_images_come_back(shape, channels, size, order):
    images = batch(shape, channels)
    sampling = Sampling(shape[0], shape[1], channels, block_size=size)
    levels = to_levels(images, tables(size, channels), size)
    dense = dense_images(levels, sampling)
    lists = to_triples(dense, size, order)
    assert (lists.triples[:, 2] != 0).all()
    np.testing.assert_array_equal(from_triples(lists, *dense.shape[1:]), dense)
    for one, two in zip(levels_of_dense(dense, sampling), levels, strict=True):
        np.testing.assert_array_equal(one, two)


@every_block_size
def test_batches_are_their_pictures_one_by_one(size):
    images = batch((41, 23))
    alone = [to_levels(image, tables(size, 3), size) for image in images]
    together = to_levels(images, tables(size, 3), size)
    for component in range(3):
        for number in range(3):
            np.testing.assert_array_equal(together[component][number], alone[number][component])


@every_block_size
def test_pictures_of_any_block_size_look_alike(size):
    images = batch((41, 23))
    sampling = Sampling(41, 23, 3, block_size=size)
    steps = tables(size, 3, quality=90)
    back = from_levels(to_levels(images, steps, size), steps, sampling)
    assert np.abs(back.astype(int) - images).mean() < 4


def test_a_list_is_what_a_loop_over_everything_finds():
    images = batch((24, 40), count=2)
    dense = dense_of(images, 8)
    found = []
    for image in dense.reshape(2, -1, 192):
        for channel in channel_order(8, 3, "paper"):
            for position in range(len(image)):
                if image[position, channel]:
                    found.append((channel, position, image[position, channel]))  # noqa: PERF401
    lists = to_triples(dense, 8)
    np.testing.assert_array_equal(lists.triples, found)
    assert [len(each) for each in lists.split()] == lists.counts.tolist()


def test_the_order_of_the_paper_is_that_of_its_figure():
    order = channel_order(8, 3, "paper").tolist()
    assert order[:3] == [0, 128, 64]
    assert order[3:12] == [1, 2, 3, 129, 130, 131, 65, 66, 67]
    assert order[12:24] == list(range(4, 16))
    assert order[-48:] == list(range(64 + 16, 128))


@every_order
@every_block_size
@pytest.mark.parametrize("components", [1, 3])
def test_every_channel_has_one_place(components, size, order):
    channels = components * size**2
    assert sorted(channel_order(size, components, order)) == list(range(channels))


@every_block_size
def test_luma_comes_first_for_colouring(size):
    order = channel_order(size, 3, "luma-first")
    assert order[: size**2].tolist() == list(range(size**2))


@every_block_size
def test_low_frequencies_come_first_for_enlarging(size):
    bands = channel_order(size, 3, "low-first") % size**2
    sides = np.maximum(zigzag(size)[bands] // size, zigzag(size)[bands] % size)
    half = 3 * (size // 2) ** 2
    assert sides[:half].max() < size // 2 <= sides[half:].min()


def test_chroma_lies_at_even_rows_and_columns():
    dense = dense_of(batch((24, 40)), 8)
    assert dense.shape == (3, 3, 5, 192)
    assert not dense[:, 1::2, :, 64:].any()
    assert not dense[:, :, 1::2, 64:].any()


@pytest.mark.parametrize(
    ("triple", "message"),
    [((192, 0, 1), "channels"), ((0, 15, 1), "positions"), ((-1, 0, 1), "channels")],
)
def test_a_wrong_triple_is_named(triple, message):
    lists = TripleLists(np.array([triple], np.int32), np.array([1]))
    with pytest.raises(ValueError, match=message):
        from_triples(lists, 3, 5, 192)


def test_a_pair_named_twice_is_an_error_but_not_in_two_pictures():
    triples = np.array([(0, 1, 5), (0, 1, 6)], np.int32)
    with pytest.raises(ValueError, match="twice"):
        from_triples(TripleLists(triples, np.array([2])), 3, 5, 192)
    dense = from_triples(TripleLists(triples, np.array([1, 1])), 3, 5, 192)
    assert dense[:, 0, 1, 0].tolist() == [5, 6]
