"""Progress without a terminal: a line after some seconds, and one a minute after it."""

from __future__ import annotations

import math
import time

import pytest

from overtone.cli import progress
from overtone.cli.progress import progress_bar, progress_line, training_bar
from overtone.training.loop import TrainProgress


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(progress, "FIRST_LINE_S", 0.01)
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.01)


def wait_for(capsys, word):
    """Standard error once the word is in it; the thread that writes it takes its time."""
    text = ""
    for _ in range(1000):
        text += capsys.readouterr().err
        if word in text:
            break
        time.sleep(0.01)
    return text


@pytest.mark.parametrize(
    ("fraction", "message", "elapsed_s", "line"),
    [
        (0.0, "", 10.4, "encoding: 0 % after 0:10"),
        (0.4, "0.31 bpp", 65.0, "encoding: 40 % after 1:05, 0.31 bpp"),
        (1.0, "", 3700.0, "encoding: 100 % after 61:40"),
    ],
)
def test_a_line_tells_how_far_work_has_come(fraction, message, elapsed_s, line):
    assert progress_line("encoding", fraction, message, elapsed_s) == line


def test_lines_appear_while_work_goes_on_and_end_with_it(quick, capsys):
    with progress_bar("encoding") as report:
        assert report is not None
        assert "encoding: 0 % after 0:0" in wait_for(capsys, "0 %")  # though nothing is reported
        report(0.5, "half")
        assert "encoding: 50 % after 0:0" in wait_for(capsys, "half")
    capsys.readouterr()
    time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_work_that_fails_ends_the_lines(quick, capsys):
    with pytest.raises(KeyboardInterrupt), progress_bar("encoding"):
        raise KeyboardInterrupt
    capsys.readouterr()
    time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_short_work_says_nothing(capsys):
    with progress_bar("encoding") as report:
        assert report is not None
        report(0.5, "half")
    assert capsys.readouterr().err == ""


def test_quiet_says_nothing(quick, capsys):
    with progress_bar("encoding", quiet=True) as report, training_bar(quiet=True) as train_report:
        assert report is train_report is None
        time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_training_tells_the_loss_and_the_fitting_of_priors(quick, capsys):
    with training_bar() as report:
        assert report is not None
        report(TrainProgress(300, 0.25, 0.5, 1000.0, 90.0))
        text = wait_for(capsys, "step 300")
        assert "training: 25 % after" in text
        assert "step 300, loss 0.5, 1000 images/s, 1:30 left" in text
        report(TrainProgress(1200, 1.0, math.nan, 0.0, 0.0, is_fitting=True))
        assert "step 1200, fitting what comes last" in wait_for(capsys, "fitting")
