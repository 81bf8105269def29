"""Rare classes of CIFAR-10 and looks of folders: what is trained on, and pages from rows."""

from __future__ import annotations

import json
import pathlib
import statistics

import numpy as np
import pytest
from experiments.adaptation import page as adaptation
from experiments.balance import cifar_page
from experiments.balance.arms import ARMS, CONTROL
from experiments.balance.cut import cut, repeated
from experiments.balance.fillings import coloured_and_covered, filled, moved_and_mirrored
from helpers import scene

from overtone.cli.balance import balance
from overtone.data import ImageSet
from overtone.tasks.mixing import MEASURED

ROOT = pathlib.Path(__file__).parent.parent
NAMES = tuple("abcde")


@pytest.fixture
def whole():
    labels = np.repeat(np.arange(5), 40)
    pictures = np.stack([scene(8, 12, seed=k) // (1 + k // 40) + k // 2 for k in range(200)])
    return ImageSet("scenes", pictures, labels, NAMES)


def test_cuts_are_nested_and_of_the_same_classes(whole):
    (small, rare), (large, same) = cut(whole, 0.1), cut(whole, 0.25)
    assert rare.tolist() == same.tolist()
    assert len(rare) == 3
    assert sorted(small.class_counts()) == [4, 4, 4, 40, 40]
    assert sorted(large.class_counts()) == [10, 10, 10, 40, 40]
    assert set(map(bytes, small.images)) < set(map(bytes, large.images))
    again = repeated(small, rare, 15)
    assert sorted(again.class_counts()) == [15, 15, 15, 40, 40]
    assert set(map(bytes, again.images)) == set(map(bytes, small.images))


@pytest.mark.parametrize("name", ARMS)
def test_each_arm_fills_the_rare_classes_with_what_it_says(whole, name):
    images, rare = cut(whole, 0.1)
    arm = ARMS[name]
    drawn = {int(number): np.full((40, 8, 12, 3), 77, np.uint8) for number in rare}
    pictures, labels = filled(images, rare, arm, drawn, np.random.default_rng(0))
    is_filled = arm.repeated + arm.mixed + arm.drawn > 0
    assert sorted(np.bincount(labels)) == ([40] * 5 if is_filled else [4, 4, 4, 40, 40])
    known = set(map(bytes, images.images))
    added = [bytes(each) for each in pictures[len(images) :]]
    num_drawn = sum(each == bytes(drawn[int(rare[0])][0]) for each in added)
    num_again = sum(each in known for each in added)
    assert num_drawn == round(36 * arm.drawn) * 3
    # A mixture of faint strength can be the picture itself.
    assert 0 <= num_again - round(36 * arm.repeated) * 3 <= round(36 * arm.mixed)


def test_too_few_drawn_pictures_are_an_error(whole):
    images, rare = cut(whole, 0.1)
    few = {int(number): np.zeros((35, 8, 12, 3), np.uint8) for number in rare}
    with pytest.raises(ValueError, match="36 drawn pictures of class"):
        filled(images, rare, ARMS["drawn"], few, np.random.default_rng(0))


def test_augmentation_moves_mirrors_colours_and_covers():
    picture = scene(8, 12)
    batch = np.stack([picture] * 200)
    moved = moved_and_mirrored(batch, np.random.default_rng(0), max_shift_px=2)
    assert moved.shape == batch.shape
    kinds = set(map(bytes, moved))
    assert bytes(picture) in kinds
    assert bytes(np.ascontiguousarray(picture[:, ::-1])) in kinds
    assert 40 <= len(kinds) <= 50
    changed = coloured_and_covered(batch, np.random.default_rng(0), square_px=4)
    assert changed.shape == batch.shape
    ratios = changed.mean((1, 2, 3)) / picture.mean()
    assert 0.65 < ratios.min() < 0.8 < 1.2 < ratios.max() < 1.35
    flat = [(each == each[0, 0]).all() for each in changed[:, :2, :2]]
    assert 2 < sum(flat) < 60  # the square reaches a corner now and then


def row(seed, arm, rare, share=0.01):
    return {
        "seed": seed,
        "arm": arm,
        "share": share,
        "steps": 10,
        "generator": None,
        "num_rare": 50,
        "rare_classes": [1, 4],
        "rare_accuracy": rare,
        "common_accuracy": 0.9,
        "accuracy": 0.8,
    }


def store(root, place, rows):
    path = root / place
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), "utf-8")


def test_gains_are_of_seeds_with_both_and_the_last_row_counts(tmp_path):
    rows = [
        row(1, CONTROL, 0.5),
        row(1, "mix", 0.9),
        row(1, "mix", 0.52),
        row(2, CONTROL, 0.6),
        row(2, "mix", 0.64),
        row(3, "mix", 0.99),
        row(1, "repeat", 0.4),
        row(1, "drawn", 0.505),
        row(2, "mix", 0.7, share=0.05),
    ]
    store(tmp_path, cifar_page.ROWS, rows)
    read = cifar_page.read(tmp_path)
    assert cifar_page.gains_over_control(read, "mix", 0.01) == pytest.approx([2, 4])
    text = cifar_page.build(tmp_path)[cifar_page.PAGE]
    assert "`overtone balance --mix`, 1 %: +3.0 points (2 of 2 seeds): **helps**." in text
    assert "repetition, 1 %: -10.0 points (0 of 1 seeds): **hurts**." in text
    assert "`overtone balance --model`, 1 %: +0.5 points (1 of 1 seeds): **does not help**." in text
    assert "| repetition, flips and shifts (control) | 55.0 ± 7.1 | – |" in text
    assert "not measured yet" not in text
    store(tmp_path / "fresh", cifar_page.ROWS, rows[:5])
    assert (
        "--generator RUN`): not measured yet"
        in cifar_page.build(tmp_path / "fresh")[cifar_page.PAGE]
    )


def test_drawn_pictures_have_a_verdict_once_they_are_measured(tmp_path):
    rows = [row(1, CONTROL, 0.5), row(1, "mix", 0.9), row(1, "mix-drawn", 0.9)]
    store(tmp_path / "before", cifar_page.ROWS, rows)
    assert cifar_page.findings(tmp_path / "before") == ()
    drawn = [row(1, "drawn", 0.4), row(1, "drawn-half", 0.55)]
    drawn = [{**each, "generator": "toy 0123"} for each in drawn]
    store(tmp_path / "after", cifar_page.ROWS, [*rows, *drawn])
    (finding,) = cifar_page.findings(tmp_path / "after")
    assert finding.verdict == "holds in part"
    assert finding.preset == "ours (`toy`)"
    assert "half repetition, half drawn, 1 %: +5.0 (1 of 1)" in finding.measured
    assert "`overtone balance --model`, 1 %: -10.0 (0 of 1)" in finding.measured


def test_help_and_guide_say_what_the_rows_say():
    read = [each for each in cifar_page.read(ROOT) if each["share"] == 0.01]
    means = {
        arm: statistics.mean(100 * each["rare_accuracy"] for each in read if each["arm"] == arm)
        for arm in (CONTROL, "mix", "repeat-strong")
    }
    text = " ".join((balance.__doc__ or "").split())
    told = f"got {means['mix']:.0f} % of such classes right with --mix, {means[CONTROL]:.0f} % with"
    assert told in text
    guide = " ".join((ROOT / "docs/guide/balance.md").read_text("utf-8").split())
    assert f"got {means[CONTROL]:.0f} % of them right with repetition, flips and shifts" in guide
    assert f"{means['repeat-strong']:.0f} % with changes of colour and cutout" in guide
    assert f"{means['mix']:.0f} % with `--mix`" in guide
    read = cifar_page.read(ROOT)
    gains = {
        share: statistics.mean(cifar_page.gains_over_control(read, "mix", share))
        for share in (0.05, 0.1)
    }
    told = (
        f"with 50 examples a class a classifier got {means[CONTROL]:.0f} % right with repetition, "
        f"{means['repeat-strong']:.0f} % with changes of colour and cutout too, "
        f"{means['mix']:.0f} % with mixtures; these lost {-gains[0.05]:.0f} point with 250, "
        f"{-gains[0.1]:.0f} with 500"
    )
    assert told in MEASURED


def test_a_mean_gain_that_one_seed_contradicts_is_no_help_nor_one_that_others_pay():
    assert cifar_page.verdict([5.0, 4.0, -0.1], [1.0]) == "does not help"
    assert cifar_page.verdict([1.5, 0.6, 0.95], [0.1, -0.05]) == "helps"
    assert cifar_page.verdict([1.5, 0.6, 0.95], [0.1, -0.2]) == "helps at the cost of the others"
    assert cifar_page.verdict([0.5, 0.6, 0.95], [1.0]) == "does not help"
    assert cifar_page.verdict([-0.5, -3.0], [1.0]) == "hurts"


def test_the_page_of_looks_says_before_and_after(tmp_path):
    values = {"kernel": 0.0012, "features": "color32", "count": 100}
    rows = [
        {"source": "blur", "match": "none", "frechet": 9.0, "accuracy": 0.5, **values},
        {"source": "blur", "match": "set", "frechet": 3.5, "accuracy": 0.75, **values},
        {"source": "jpeg", "match": "none", "frechet": 4.0, "accuracy": None, **values},
        {"source": "jpeg", "match": "set", "frechet": 4.5, "accuracy": None, **values},
    ]
    store(tmp_path, adaptation.ROWS, rows)
    text = adaptation.build(tmp_path)[adaptation.PAGE]
    assert "| blurred, radius 0.8 px | 9.00 | 3.50 | – | 50.0 | 75.0 | – |" in text
    assert "nearer as a set: blurred, radius 0.8 px; farther: JPEG, quality 10." in text
    assert "Not measured yet" in adaptation.build(tmp_path / "none")[adaptation.PAGE]
