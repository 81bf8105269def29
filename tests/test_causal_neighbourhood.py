"""What the value decoder of a DCTransformer knows of the blocks around a position."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toy_lists import SIZES, build, images_of, lists_of

from overtone.models.dct_transformer.chunks import chunk_at
from overtone.models.dct_transformer.neighbourhood import BLOCKS, NEIGHBOURS, signed_log


@pytest.fixture(params=SIZES, ids=str)
def size(request):
    return request.param


@pytest.mark.parametrize("start", [0, 12])
def test_they_are_the_values_of_the_list_so_far(size, start):
    model = build(*size, causal_neighbourhood=True, quality=90)
    lists = lists_of(model, images_of(*size))
    chunk = chunk_at(lists, torch.full((6,), start), 12, 4)
    around, vocabulary = model.net.neighbourhood, model.vocabulary
    assert around is not None
    seen = []
    around.inner.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    known = signed_log(vocabulary.scatter(chunk.triples, chunk.is_before))
    channels, positions, _ = chunk.targets.unbind(-1)
    around(known, channels, positions, chunk.written(4))
    for row, place in torch.nonzero(chunk.is_target).tolist():
        channel, position, _ = chunk.targets[row, place].tolist()
        if channel == vocabulary.num_channels:
            continue  # of the stop token nothing is read
        expected = twin(model, lists.triples[row, : start + place - 4], channel, position)
        np.testing.assert_allclose(seen[0][row, place], expected, rtol=1e-6)


def twin(model, triples, channel, position):
    """Block by block, from the list itself."""
    rows, columns = model.net.grid
    grid = np.zeros((rows + 2, columns + 2, model.vocabulary.num_channels))
    for c, p, v in triples.tolist():
        grid[p // columns + 1, p % columns + 1, c] = np.sign(v) * np.log1p(abs(v))
    row, column = position // columns + 1, position % columns + 1
    blocks = [grid[row + dy, column + dx] for dy, dx in BLOCKS]
    one = [grid[row + dy, column + dx, channel] for dy, dx in NEIGHBOURS]
    return np.concatenate([*blocks, one])
