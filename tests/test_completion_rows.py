"""Verdicts on colours and detail follow from rows by their rule; windows cover photographs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from experiments.dctransformer.completion import STEP, WINDOW, shown_of, windows_of
from experiments.dctransformer.likelihood import some_of
from experiments.dctransformer.page_completion import completion_parts
from experiments.dctransformer.places import CONTROLS, MEAN, ONE, PREDICTED
from toy_rows import distance, store_distances

from overtone.data import ImageSet


def rows(task, near, exact_db):
    parts = {CONTROLS[task]: (50.0, 24.0)}
    if task == "colorize":
        parts |= {PREDICTED: (40.0, 26.0), ONE: (near, 22.0), MEAN: (35.0, exact_db)}
    else:
        parts |= {PREDICTED: (near, exact_db), ONE: (70.0, 22.0), MEAN: (60.0, 23.0)}
    found = []
    for name, (frechet, psnr_db) in parts.items():
        row = distance("dct-completer", frechet)
        source = dataclasses.replace(row.source, name=name)
        found.append(
            dataclasses.replace(
                row, source=source, reconstruction_psnr_db=psnr_db, num_reconstructed=7
            )
        )
    return found


@pytest.mark.parametrize(
    ("task", "near", "exact_db", "words"),
    [
        ("colorize", 30.0, 24.0, "Both are better than the control's: "),
        ("colorize", 30.5, 24.1, "not near enough: the Fréchet distance of one result is 0.61"),
        ("colorize", 29.0, 23.9, "the squared error is larger than the control's: "),
        ("upscale", 50.0, 25.0, "Both are better than the control's: "),
        ("upscale", 51.0, 23.0, "Neither is as it should be: "),
    ],
)
def test_verdicts_follow_from_distance_and_error(tmp_path, task, near, exact_db, words):
    path = f"dctransformer/rows/completion/{task}-cifar10.jsonl"
    store_distances(tmp_path, path, rows(task, near, exact_db))
    text = "\n\n".join(completion_parts(tmp_path))
    assert words in text
    assert f"**{task}, cifar10.**" in text
    assert "photographs.**" not in text


def test_without_all_rows_there_is_no_verdict(tmp_path):
    path = "dctransformer/rows/completion/colorize-cifar10.jsonl"
    store_distances(tmp_path, path, rows("colorize", 30.0, 24.0)[:3])
    assert completion_parts(tmp_path)[1:] == ["Not measured yet."]


def test_windows_overlap_and_stay_inside():
    high, wide = np.zeros((96, 64, 3), np.uint8), np.ones((64, 130, 3), np.uint8)
    windows = windows_of([high, wide])
    assert windows.shape == (2 + 3, WINDOW, WINDOW, 3)
    assert windows[:2].max() == 0
    ramp = np.arange(200 * 3, dtype=np.uint16).reshape(200, 1, 3) // 3
    column = windows_of([np.repeat(ramp, WINDOW, 1).astype(np.uint8)])
    assert [int(each[0, 0, 0]) for each in column] == [0, STEP, 2 * STEP, 3 * STEP, 4 * STEP]


@pytest.mark.parametrize("task", ["colorize", "upscale"])
def test_shown_photographs_have_one_size(task):
    shapes = {
        shown_of(np.zeros((*size, 3), np.uint8), task).shape for size in [(400, 600), (600, 400)]
    }
    assert len(shapes) == 1


def test_some_of_a_folder_are_of_every_class():
    pixels = np.arange(30, dtype=np.uint8).reshape(30, 1, 1, 1)
    by_class = ImageSet("folder", pixels, np.arange(30) // 10, ("a", "b", "c"))
    assert some_of(by_class, 6).images.ravel().tolist() == [0, 5, 10, 15, 20, 25]
    mixed = ImageSet("mixed", pixels, np.arange(30) % 3, ("a", "b", "c"))
    assert some_of(mixed, 4).images.ravel().tolist() == [0, 1, 2, 3]
    assert len(some_of(by_class, 99)) == 30
