"""`python -m experiments`: pages from rows, and scripts of a checkout as programs."""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from experiments.__main__ import main
from experiments.harness.run import Paths, commands_of
from toy_reproductions import ITEMS

TESTS = pathlib.Path(__file__).parent
SCRIPT = """
import json, pathlib, sys
rows = pathlib.Path("experiments/toy.jsonl")
with rows.open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""
FAILING = "import sys; sys.exit('no such luck')"
# Says that it is there, then waits for a signal, and saves when it comes.
WAITING = """
import pathlib, signal, sys
received = []
signal.signal(signal.SIGINT, lambda *_: received.append("SIGINT"))
signal.signal(signal.SIGTERM, lambda *_: received.append("SIGTERM"))
pathlib.Path("experiments/started").touch()
while not received:
    signal.pause()
pathlib.Path("experiments/saved").write_text(" ".join(received))
sys.exit("stopped; the same command goes on")
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A checkout with scripts of its own, and a table of items that use them."""
    for folder in ("experiments", "docs", "data/set"):
        (tmp_path / folder).mkdir(parents=True)
    for name, text in (("good", SCRIPT), ("bad", FAILING), ("wait", WAITING)):
        (tmp_path / "experiments" / f"{name}.py").write_text(text)
    monkeypatch.setattr("experiments.registry.ITEMS", ITEMS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(root):
    path = root / "experiments" / "toy.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_pages_are_written_from_rows(root, capsys):
    (root / "experiments" / "toy.jsonl").write_text('["a row"]\n')
    assert main(["toy"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "docs/reproduction/toy.md: written" in err
    assert (root / "docs/reproduction/toy.md").read_text() == '["a row"]\n'
    assert "# Verdicts" in (root / "docs/reproduction/index.md").read_text()
    assert main([]) == 0
    assert "docs/reproduction/toy.md: unchanged" in capsys.readouterr().err


def test_scripts_are_run_with_the_folders_and_then_the_page_is_written(root, capsys):
    code = main(["toy", "--run", "--data", "data", "--work", "elsewhere"])
    assert code == 0
    first, second = rows(root)
    assert first == [str(root / "data/set"), "--runs", str(root / "elsewhere")]
    assert second == ["--last"]  # no weights were given
    assert (root / "elsewhere").is_dir()
    err = capsys.readouterr().err
    assert "1/2 toy: python -m experiments.good" in err
    assert "about 2.5 minutes" in err
    assert "elsewhere" in (root / "docs/reproduction/toy.md").read_text()


def test_weights_are_handed_on(root):
    arguments = ["--run", "--data", "data", "--feature-weights", "some file.pt"]
    assert main(["toy", *arguments]) == 0
    assert rows(root)[1] == ["--weights", str(root / "some file.pt"), "--last"]


def test_a_script_that_fails_leaves_the_others_unharmed(root, capsys):
    assert main(["broken", "--run", "--data", "data"]) == 1
    assert rows(root) == [["after"]]
    err = capsys.readouterr().err
    assert "error: python -m experiments.bad ended with exit code 1" in err
    assert (root / "docs/reproduction/toy.md").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["toy", "--run"], "--run needs the folder of the data sets; give it with --data"),
        (["toy", "--run", "--data", "docs"], "docs has no set; give the folder with --data"),
        (["tyo"], "unknown reproduction tyo; did you mean toy?"),
        (["tyo", "--dry-run"], "did you mean toy?"),
        (["toy", "--root", "data"], "data has no experiments/ and no docs/"),
        (["toy", "--root", "missing"], "missing has no experiments/"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_runs(root, arguments, message, capsys):
    assert main([*arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert rows(root) == []
    assert not (root / "docs/reproduction").exists()


def test_running_needs_a_checkout(root, capsys):
    (root / "bare/docs").mkdir(parents=True)
    arguments = ["toy", "--run", "--data", "data", "--root", "bare"]
    assert main(arguments) == 2
    assert "bare has no experiments/; give the folder of a checkout" in capsys.readouterr().err


def test_a_dry_run_lists_commands_and_cost_and_does_nothing(root, capsys):
    assert main(["toy", "--dry-run", "--data", "data"]) == 0
    out = capsys.readouterr().out
    assert "toy: docs/reproduction/toy.md" in out
    assert "python -m experiments.good data/set --runs runs" in out
    assert "about 5 minutes" in out
    assert not (root / "docs/reproduction").exists()
    assert rows(root) == []
    assert main(["--dry-run"]) == 0
    assert "python -m experiments.good DATA/set --runs runs" in capsys.readouterr().out


def test_shared_steps_run_once(root):
    paths = Paths(root=root, data=root / "data", work=root / "runs")
    commands = commands_of(["toy", "alike"], paths)
    assert [command.item for command in commands] == ["toy", "toy", "alike"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_a_signal_is_passed_on_once_and_what_was_saved_stays(root, number):
    code = f"""
import sys
sys.path[:0] = {[str(TESTS), str(TESTS.parent)]!r}
from experiments.__main__ import main
from toy_reproductions import ITEMS
from experiments import registry
registry.ITEMS = ITEMS
sys.exit(main(["patient", "--run", "--data", "data"]))
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stderr=subprocess.PIPE, text=True
    ) as process:
        while not (root / "experiments/started").exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        _, err = process.communicate()
    assert process.returncode == 130
    assert "error: interrupted" in err
    assert "Traceback" not in err
    assert (root / "experiments/saved").read_text() == number.name
