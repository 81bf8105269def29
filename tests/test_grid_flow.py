"""The flow over a grid of tokens: its loss, its draws, guidance, and its network."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.nn import functional

from overtone.errors import ConfigError
from overtone.models.priors.grid_flow import GridFlow, GridFlowConfig, draw_times
from overtone.models.priors.grid_flow_net import ConvolutionBlock, GridNet, GridNetConfig

SMALL = GridNetConfig(width=32, num_blocks=2, coarse_width=16, coarse_blocks=1, condition_width=16)
ATTENDING = GridNetConfig(
    body="transformer", width=24, num_blocks=2, coarse_blocks=0, condition_width=16
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def flow_of(grid=(3, 5, 4), num_classes=2, **settings) -> GridFlow:
    config = GridFlowConfig(net=SMALL, num_steps=4, **settings)
    flow = GridFlow(config, grid, num_classes, generator=generator())
    strengths = torch.tensor([4.0, 2.0, 1.0, 0.5])[: grid[2]]
    flow.fit_scale(3 + strengths * torch.randn(500, *grid, generator=generator(1)))
    return flow


def test_scales_are_those_of_the_tokens():
    flow = flow_of(scale_power=1.0)
    assert (flow.mean - 3).abs().max() < 1
    assert flow.scale == pytest.approx([4.0, 2.0, 1.0, 0.5], rel=0.05)
    assert flow.deviation == pytest.approx([1.0] * 4, rel=0.01)
    half = flow_of(scale_power=0.5)
    assert half.deviation.square().mean() == pytest.approx(1)
    assert half.deviation[0] / half.deviation[2] == pytest.approx(2, rel=0.05)
    same = flow_of(scale_power=0.0)
    assert same.scale == pytest.approx([float(same.scale[0])] * 4)


@pytest.mark.parametrize("weighting", ["energy", "entropy"])
def test_strong_channels_weigh_more(weighting):
    flow = flow_of(weighting=weighting)
    assert flow.weights.mean() == pytest.approx(1)
    assert (flow.weights.diff() < 0).all()
    if weighting == "energy":
        assert flow.weights[0] / flow.weights[1] == pytest.approx(4, rel=0.1)
    else:  # in nats, half the deviation is a factor of two less: ln 2
        own = flow.weights / (flow.weights[0] - flow.weights[1]) * math.log(2)
        steps = torch.tensor([0.5 * math.log(2 * math.pi * math.e) + math.log(64 / 8), 0.0])
        assert own[0] == pytest.approx(float(steps[0]), rel=0.1)


def test_without_a_network_the_guess_is_the_best_linear_one():
    """Of Gaussian tokens nothing better is known; the loss is then what noise leaves open."""
    flow = flow_of(scale_power=0.5)
    with torch.no_grad():
        for parameter in flow.net.leave.parameters():
            parameter.zero_()
    x = torch.randn(1500, 3, 5, 4, generator=generator(2)) * flow.deviation
    noise = torch.randn(x.shape, generator=generator(3))
    at, classes = torch.full((len(x),), 0.3), torch.full((len(x),), 2)
    guess = flow.velocity(0.7 * noise + 0.3 * x, at, classes)
    for channel in range(4):
        place, wanted = (0.7 * noise + 0.3 * x)[..., channel], (x - noise)[..., channel]
        slope = (place * wanted).mean() / place.square().mean()
        assert torch.allclose(guess[..., channel].detach(), slope * place, atol=0.1)


def test_the_loss_is_the_weighted_error_of_the_velocity():
    flow = flow_of(weighting="energy", class_dropout=0.0)
    tokens = 3 + torch.randn(6, 3, 5, 4, generator=generator(4))
    labels = torch.tensor([0, 1, 1, 0, 1, 0])
    found = flow.loss(tokens, labels, generator=generator(5))
    source = generator(5)
    torch.rand(6, generator=source)
    times = torch.sigmoid(torch.randn(6, generator=source))
    noise = torch.randn(tokens.shape, generator=source)
    total = 0.0
    for number in range(6):
        target = (tokens[number] - flow.mean) / flow.scale
        place = torch.lerp(noise[number], target, times[number])
        velocity = flow.velocity(place[None], times[number : number + 1], labels[number, None])[0]
        for channel in range(4):
            error = velocity[..., channel] - (target - noise[number])[..., channel]
            total += (flow.weights[channel] * error.square().mean()).item() / 24
    assert found.item() == pytest.approx(total, rel=1e-5)


def test_hidden_classes_are_those_of_no_class():
    flow = flow_of(class_dropout=0.999)
    tokens = torch.randn(4, 3, 5, 4, generator=generator(6))
    losses = [
        flow.loss(tokens, labels, generator=generator(7))
        for labels in (torch.tensor([0, 1, 0, 1]), None)
    ]
    assert losses[0] == losses[1]


def test_a_draw_follows_the_velocity_by_heun():
    flow = flow_of()
    labels = torch.tensor([1, 0, 1])
    drawn = flow.draw(3, generator=generator(8), labels=labels, temperature=0.5)
    x = 0.5 * torch.randn(3, 3, 5, 4, generator=generator(8))
    with torch.no_grad():
        for start, end in itertools.pairwise([0.0, 0.25, 0.5, 0.75, 1.0]):
            first = flow.velocity(x, torch.full((3,), start), labels)
            ahead = x + 0.25 * first
            if end < 1:
                ahead = x + 0.125 * (first + flow.velocity(ahead, torch.full((3,), end), labels))
            x = ahead
    assert torch.allclose(drawn, x * flow.scale + flow.mean, atol=1e-5)


def test_shifted_times_are_nearer_to_the_noise():
    assert draw_times(4, 0.0) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    times = draw_times(4, -math.log(3))
    assert times == pytest.approx([0, 0.1, 0.25, 0.5, 1])
    assert times[1:4].logit() == pytest.approx(
        torch.tensor([0.25, 0.5, 0.75]).logit() - math.log(3), abs=1e-5
    )


def test_guidance_goes_from_no_class_through_the_class_and_beyond():
    flow = flow_of()
    labels = torch.tensor([1, 0])
    x, time = torch.randn(2, 3, 5, 4, generator=generator(9)), torch.tensor(0.4)
    with torch.no_grad():
        own = flow.velocity(x, time.expand(2), labels)
        none = flow.velocity(x, time.expand(2), torch.tensor([2, 2]))
        assert not torch.allclose(own, none)
        for guidance, wanted in ((1.0, own), (0.0, none), (3.0, none + 3 * (own - none))):
            assert torch.allclose(flow._guided(x, time, labels, guidance), wanted, atol=1e-6)
    draws = [flow.draw(2, generator=generator(), labels=labels, guidance=w) for w in (1.0, 3.0)]
    assert not torch.allclose(draws[0], draws[1])
    plain = [flow.draw(2, generator=generator(), guidance=w) for w in (1.0, 3.0)]
    assert torch.equal(*plain)


def test_draws_do_not_depend_on_how_many_go_together(monkeypatch):
    flow = flow_of()
    labels = torch.arange(7) % 2
    together = flow.draw(7, generator=generator(), labels=labels)
    monkeypatch.setattr("overtone.models.priors.grid_flow._DRAWN_TOGETHER", 3)
    apart = flow.draw(7, generator=generator(), labels=labels)
    assert torch.allclose(together, apart, atol=1e-5)


def test_an_impossible_temperature_is_refused():
    with pytest.raises(ConfigError, match="temperature must be 0 or more, got -1"):
        flow_of().draw(2, generator=generator(), temperature=-1.0)


@pytest.mark.parametrize("config", [SMALL, ATTENDING], ids=lambda each: each.body)
def test_a_trained_flow_draws_what_it_has_seen(config):
    """Two classes of grids, a ramp down and a ramp across; each is drawn when asked for."""
    grid = (3, 5, 2)
    down = torch.linspace(-2, 2, 3)[:, None, None].expand(grid)
    across = torch.linspace(-2, 2, 5)[None, :, None].expand(grid)
    labels = torch.arange(64) % 2
    tokens = torch.where(labels[:, None, None, None] == 0, down, across)
    tokens = tokens + 0.1 * torch.randn(64, *grid, generator=generator(1))
    flow = GridFlow(GridFlowConfig(net=config), grid, 2, generator=generator())
    flow.fit_scale(tokens)
    optimizer = torch.optim.Adam(flow.parameters(), lr=3e-3)
    source = generator(2)
    for _ in range(250):
        optimizer.zero_grad()
        flow.loss(tokens, labels, generator=source).backward()
        optimizer.step()
    drawn = flow.draw(20, generator=generator(3), labels=torch.arange(20) % 2)
    errors = [(drawn[k::2] - wanted).square().mean() for k, wanted in enumerate((down, across))]
    other = (drawn[::2] - across).square().mean()
    assert max(errors) < 0.3
    assert other > 1


def test_a_block_is_the_sum_of_what_its_docstring_says():
    """The slow twin: every cell, share of channels and group of channels by itself."""
    block = ConvolutionBlock(32, 6, num_cells=6)
    bias, mixtures = block.middle.bias, block.mixtures
    assert bias is not None
    assert mixtures is not None
    source = generator(4)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.3, generator=source)
    x, condition = (torch.randn(2, *s, generator=source) for s in ((2, 3, 32), (6,)))
    shift, scale, weight = block.modulate(condition).chunk(3, dim=1)
    wanted = torch.empty_like(x)
    for b in range(2):
        y = torch.zeros(2, 3, 32)
        for row, column in itertools.product(range(2), range(3)):
            own = x[b, row, column]
            own = own / (own.square().mean() + torch.finfo(torch.float32).eps).sqrt()
            y[row, column] = functional.silu(block.first(own * (1 + scale[b]) + shift[b]))
        mixed = torch.zeros(2, 3, 32)
        for row, column, group in itertools.product(range(2), range(3), range(2)):
            into = slice(16 * group, 16 * group + 16)
            mixed[row, column, into] = bias[into]
            for near, beside in itertools.product(range(2), range(3)):
                if abs(near - row) < 2 and abs(beside - column) < 2:
                    weights = block.middle.weight[into, :, near - row + 1, beside - column + 1]
                    mixed[row, column, into] += weights @ y[near, beside, into]
        for share, to, of in itertools.product(range(8), range(6), range(6)):
            part = slice(4 * share, 4 * share + 4)
            mixed.view(6, 32)[to, part] += mixtures[share, to, of] * y.view(6, 32)[of, part]
        wanted[b] = x[b] + (1 + weight[b]) * block.last(functional.silu(mixed))
    assert torch.allclose(block(x, condition), wanted, atol=1e-4)


def test_the_coarse_grid_takes_odd_grids():
    for grid in ((1, 1, 2), (1, 4, 3), (5, 2, 1)):
        net = GridNet(SMALL, grid, 0, generator=generator())
        tokens = torch.randn(2, *grid, generator=generator(1))
        none = torch.zeros(2, dtype=torch.long)
        assert net(tokens, torch.rand(2, generator=generator()), none).shape == tokens.shape


def test_each_cell_sees_every_other():
    net = GridNet(SMALL, (6, 8, 2), 0, generator=generator())
    tokens = torch.randn(1, 6, 8, 2, generator=generator(1)).requires_grad_()
    out = net(tokens, torch.tensor([0.5]), torch.tensor([0]))
    out[0, 0, 0].sum().backward()
    assert tokens.grad is not None
    assert (tokens.grad.abs().sum(-1) > 0).all()


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (GridFlowConfig, {"scale_power": 1.5}, r"scale_power must be in 0\.\.1, got 1\.5"),
        (GridFlowConfig, {"class_dropout": 1.0}, r"class_dropout must be in \[0, 1\), got 1"),
        (GridFlowConfig, {"num_steps": 0}, "num_steps must be at least 1, got 0"),
        (GridFlowConfig, {"time_shift": math.inf}, r"time_shift must be in -10\.\.10, got inf"),
        (GridNetConfig, {"width": 0}, "width must be at least 1, got 0"),
        (GridNetConfig, {"coarse_blocks": -1}, "coarse_blocks must not be below 0, got -1"),
        (GridNetConfig, {"body": "transformer"}, "no coarse grid, got 6 coarse_blocks; set 0"),
    ],
)
def test_impossible_settings_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind(**settings)
