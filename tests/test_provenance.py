"""Which code measured a row: the commit, marked where the code differs from it."""

import subprocess

import pytest

from overtone.evaluate.provenance import commit, commit_of, machine, provenance


@pytest.fixture
def checkout(tmp_path):
    for name in ("src/overtone/code.py", "experiments/speed/measure.py", "docs/page.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1\n")
    rows = tmp_path / "experiments/speed/rows/speed.jsonl"
    rows.parent.mkdir()
    rows.write_text("{}\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "One"], check=True)
    head = subprocess.run(
        [*git, "rev-parse", "--short=7", "HEAD"], check=True, capture_output=True, text=True
    )
    return tmp_path, head.stdout.strip()


def test_a_clean_checkout_is_its_commit(checkout):
    root, head = checkout
    assert commit_of(root / "src/overtone") == head


@pytest.mark.parametrize(
    "name", ["src/overtone/code.py", "experiments/speed/measure.py", "experiments/speed/new.py"]
)
def test_changed_code_is_marked(checkout, name):
    root, head = checkout
    (root / name).write_text("2\n")
    changed = commit_of(root / "src/overtone")
    assert changed.startswith(f"{head}-dirty.")
    (root / "src/overtone/code.py").write_text("3\n")
    assert commit_of(root / "src/overtone") not in (changed, head)


@pytest.mark.parametrize(
    "name",
    ["experiments/speed/rows/speed.jsonl", "experiments/speed/rows/new.jsonl", "docs/page.md"],
)
def test_rows_and_pages_are_no_code(checkout, name):
    root, head = checkout
    (root / name).write_text("2\n")
    assert commit_of(root / "src/overtone") == head


def test_a_package_installed_inside_another_checkout_has_no_commit(checkout):
    root, _ = checkout
    installed = root / ".venv/lib/overtone"
    installed.mkdir(parents=True)
    assert commit_of(installed) == "unknown"


def test_a_package_outside_any_checkout_has_no_commit(tmp_path):
    package = tmp_path / "src/overtone"
    package.mkdir(parents=True)
    assert commit_of(package) == "unknown"


def test_rows_share_three_fields():
    assert provenance().keys() == {"commit", "machine", "date"}
    assert provenance()["commit"] == commit()
    assert machine().endswith("no GPU used")
