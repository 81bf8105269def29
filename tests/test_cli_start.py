"""The commands answer at once, and run as a program."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

import overtone
from overtone.cli import interrupts
from overtone.cli.main import COMMANDS
from overtone.cli.progress import progress_bar
from overtone.cli.usage import verb_of


@pytest.mark.parametrize("verb", [[], *([verb_of(each)] for each in COMMANDS)], ids=str)
def test_help_and_version_answer_at_once(verb):
    code = f"""
import sys
from overtone.cli.main import main
assert main({verb!r} + ["--help"]) == main(["--version"]) == 0
heavy = {{"numpy", "PIL", "torch", "matplotlib", "constriction"}} & sys.modules.keys()
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"overtone {overtone.__version__}" in done.stdout
    assert not verb or f"Example: overtone {verb[0]}" in done.stdout


def test_the_module_runs_as_a_program():
    command = [sys.executable, "-m", "overtone.cli.main", "info", "missing.ovt"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "error: there is no file missing.ovt\n")


def test_an_interrupt_that_a_library_drops_comes_back(monkeypatch):
    monkeypatch.setattr(interrupts, "_seen", False)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupts.watch()
        with progress_bar("working") as report:
            assert report is not None
            report(0.5, "half")
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                report(0.6, "more")
        with pytest.raises(KeyboardInterrupt), progress_bar("working", quiet=True):
            pass
    finally:
        signal.signal(signal.SIGINT, before)
