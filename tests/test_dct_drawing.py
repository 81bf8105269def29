"""Lists that a DCTransformer draws: valid, the same on any engine, going on from what is given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toy_lists import SIZES, build, generator, images_of

from overtone.data import ImageSet
from overtone.models.dct_transformer.masks import LegalMasks
from overtone.models.dct_transformer.sample import SamplingOptions
from overtone.transform.triples import TripleLists


@pytest.fixture(params=SIZES, ids=str)
def size(request):
    return request.param


def build_talkative(*size, **changes):
    """A model whose lists go on for a while and depend on all weights."""
    model = build(*size, **changes)
    with torch.no_grad():
        for head in model.net.heads:
            head.get_parameter("weight").mul_(20)
        # The next channels are the likeliest, and the stop token is not.
        bias = model.net.heads[0].get_parameter("bias")
        bias.copy_(-torch.arange(len(bias)) / 2)
    return model


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
@pytest.mark.parametrize("causal_neighbourhood", [False, True])
def test_every_engine_draws_the_same(size, overlap, causal_neighbourhood):
    model = build_talkative(
        *size, chunk_size=9, overlap=overlap, causal_neighbourhood=causal_neighbourhood
    )
    classes = torch.tensor([0, 1, 2])
    plain, *others = (
        model.complete(
            None,
            classes,
            generator=generator(3),
            options=SamplingOptions(engine=engine, max_triples=30),
        )
        for engine in ("uncached", "torch", "native")
    )
    for drawn in others:
        np.testing.assert_array_equal(drawn.counts, plain.counts)
        np.testing.assert_array_equal(drawn.triples, plain.triples)
    assert plain.counts.max() > 2 * model.config.chunk_size  # more than two chunks


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


@pytest.mark.parametrize("engine", ["native", "uncached"])
def test_beginnings_of_any_length_are_continued(size, engine):
    model = build_talkative(
        *size, order="low-first", chunk_size=7, overlap=3, causal_neighbourhood=True
    )
    whole = model.vocabulary.lists_of(images_of(*size, count=3)).split()
    first_channel = 3 * size[2]
    kept = [own[own[:, 0] < first_channel] for own in whole]
    kept[1] = kept[1][:2]
    given = TripleLists(np.concatenate(kept), np.array([len(own) for own in kept]))
    classes = torch.tensor([0, 2, 1])
    drawn, expected = (
        model.complete(
            given,
            classes,
            first_channel=first_channel,
            generator=generator(5),
            options=SamplingOptions(engine=each, max_triples=len(kept[0]) + 9),
        )
        for each in (engine, "torch")
    )
    np.testing.assert_array_equal(drawn.triples, expected.triples)
    for own, begun in zip(drawn.split(), kept, strict=True):
        np.testing.assert_array_equal(own[: len(begun)], begun)


def test_a_list_is_the_same_in_any_company(size):
    model = build_talkative(*size)
    classes = torch.tensor([0, 1, 2, 0, 1, 2, 0])
    together = model.complete(None, classes, generator=generator(6)).split()
    one = generator(6)
    apart = [model.complete(None, some, generator=one).split() for some in classes.split(3)]
    for a, b in zip(together, [own for lists in apart for own in lists], strict=True):
        np.testing.assert_array_equal(a, b)


def test_bfloat16_draws_what_rounded_matrices_draw(size):
    model = build_talkative(*size, causal_neighbourhood=True)
    classes = torch.tensor([0, 1, 2]).repeat(10)
    half, full = (
        model.complete(
            None, classes, generator=generator(7), options=SamplingOptions(precision=each)
        )
        for each in ("bfloat16", "float32")
    )
    assert not np.array_equal(half.triples, full.triples)
    net = model.net
    stacks = (net.channel_layers, net.position_layers, net.value_layers, net.heads)
    assert net.neighbourhood is not None
    for stack in (*stacks, net.neighbourhood):
        for parameter in stack.parameters():
            if parameter.ndim == 2:
                parameter.data = parameter.data.bfloat16().float()
    rounded = model.complete(
        None, classes, generator=generator(7), options=SamplingOptions(engine="uncached")
    )
    np.testing.assert_array_equal(half.triples, rounded.triples)


def test_weights_are_read_anew_for_every_batch(size):
    model = build_talkative(*size)
    labels = torch.tensor([1, 0])
    state = {name: weight.clone() for name, weight in model.state_dict().items()}
    first = model.complete(None, labels, generator=generator(8))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.data.mul_(1.5)  # unseen by PyTorch's counters of versions
    other = model.complete(None, labels, generator=generator(8))
    assert not np.array_equal(first.triples, other.triples)
    model.load_state_dict(state)
    again = model.complete(None, labels, generator=generator(8))
    np.testing.assert_array_equal(first.triples, again.triples)


def test_the_native_engine_wants_float32():
    model = build(*SIZES[0]).double()
    with pytest.raises(ValueError, match="needs float32 weights on the processor"):
        model.complete(
            None, torch.tensor([0]), generator=generator(), options=SamplingOptions(engine="native")
        )


@pytest.mark.parametrize("first_channel", [0, 5])
def test_rules_are_those_of_the_vocabulary(size, first_channel):
    vocabulary = build(*size).vocabulary
    rules = LegalMasks(vocabulary, first_channel)
    channels, positions = np.nonzero(vocabulary.allowed.numpy())
    last = np.stack([channels, positions, np.ones_like(channels)], 1).astype(np.int64)
    last = np.concatenate([[[-1, 0, 0]], last])
    expected = vocabulary.channel_mask(torch.from_numpy(last)).numpy()
    expected[:, :first_channel] = False
    np.testing.assert_array_equal(rules.channels(last), expected)
    rng = np.random.default_rng(0)
    channel = (last[:, 0] + rng.integers(0, 3, len(last))).clip(0, vocabulary.num_channels - 1)
    tensors = (torch.from_numpy(last), torch.from_numpy(channel))
    np.testing.assert_array_equal(
        rules.positions(last, channel), vocabulary.position_mask(*tensors)
    )
    np.testing.assert_array_equal(rules.values(channel), vocabulary.value_mask(tensors[1]))


def test_nothing_unlikely_is_drawn_with_a_small_share(size):
    model = build(*size)
    labels = torch.tensor([1])
    greedy = model.complete(
        None, labels, generator=generator(1), options=SamplingOptions(top_p=(1e-9,) * 3)
    )
    cold = model.complete(
        None, labels, generator=generator(2), options=SamplingOptions(temperature=0.0)
    )
    np.testing.assert_array_equal(greedy.triples, cold.triples)


def test_a_list_can_be_cut_short(size):
    model = build(*size)
    whole, short = (
        model.complete(
            None,
            torch.tensor([0, 1, 2]),
            generator=generator(4),
            options=SamplingOptions(max_triples=most),
        )
        for most in (None, 3)
    )
    assert short.counts.max() == 3
    for one, two in zip(whole.split(), short.split(), strict=True):
        np.testing.assert_array_equal(one[:3], two)


def test_classes_are_drawn_by_their_share_where_none_is_asked_for(monkeypatch):
    model = build(*SIZES[0])
    images = np.zeros((9, 12, 10, 1), np.uint8)
    labels = np.array([0] * 8 + [1])
    asked = []

    def write_nothing(given, classes, **_):
        asked.extend(classes.tolist())
        return TripleLists(np.zeros((0, 3), np.int32), np.zeros(len(classes), np.int64))

    monkeypatch.setattr(model, "complete", write_nothing)
    model.sample(2, generator=generator())
    assert asked == [2, 2]  # the class that stands for none, as nothing is known of shares
    model.begin(ImageSet("toy", images, labels, ("a", "b")), generator=generator())
    asked.clear()
    model.sample(900, generator=generator())
    # Four standard deviations of a count of 900.
    assert abs(sum(asked) - 100) < 40
    asked.clear()
    model.sample(2, generator=generator(), labels=torch.tensor([1, 0]))
    assert asked == [1, 0]
    other = build(*SIZES[0])
    other.load_extra_tensors(model.extra_tensors())
    assert other.class_counts.tolist() == [8, 1]
    with pytest.raises(ValueError, match=r"should be \(2,\), not \(3,\)"):
        other.load_extra_tensors({"class_counts": torch.zeros(3, dtype=torch.int64)})
