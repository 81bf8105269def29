"""What no user, file or setting should be able to do to the command line."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest
from helpers import scene

import overtone
from overtone.bitstream.container import Metadata
from overtone.cli.exits import describe_fault, printable
from overtone.cli.files import Job, Outcome
from overtone.cli.main import main
from overtone.imaging.image import Picture, picture_to_bytes

ROOT = pathlib.Path(__file__).parent.parent
EVIL_NAME = "red\x1b[31m\x07\u202e.ovt"


@pytest.fixture(autouse=True)
def in_a_new_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, shell: str = "", **environment: str) -> subprocess.CompletedProcess:
    """The program itself; `shell` is what follows it on the shell's line, such as >&-."""
    line = f'exec "$0" -m overtone.cli.start "$@" {shell}'
    return subprocess.run(
        ["sh", "-c", line, sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def write_ovt(name: str) -> None:
    pathlib.Path(name).write_bytes(overtone.encode(scene(16, 24), effort="fast"))


def test_one_bad_file_of_any_kind_does_not_stop_a_batch(monkeypatch, capsys):
    for name in ("a", "b", "c"):
        pathlib.Path(f"{name}.png").write_bytes(
            picture_to_bytes(Picture(scene(16, 24), Metadata()), ".png")
        )
    real = overtone.encode

    def encode(image, **options):
        if pathlib.Path("a.ovt").exists() and not pathlib.Path("seen").exists():
            pathlib.Path("seen").touch()
            raise UnboundLocalError("odd\nand more")
        return real(image, **options)

    monkeypatch.setattr(overtone, "encode", encode)
    assert main(["encode", "a.png", "b.png", "c.png", "--effort", "fast"]) == 1
    assert [path.name for path in sorted(pathlib.Path().glob("*.ovt"))] == ["a.ovt", "c.ovt"]
    assert "error: b.png: UnboundLocalError: odd and more (a fault" in capsys.readouterr().err


@pytest.mark.parametrize("shown", [False, True])
def test_where_a_fault_arose_is_shown_when_asked_for(monkeypatch, capsys, shown):
    monkeypatch.setenv("OVERTONE_TRACEBACK", "1" if shown else "")
    outcome = Outcome()
    with outcome.of(Job("a", "b")):
        raise RuntimeError("odd")
    assert outcome.exit_code() == 1
    written = capsys.readouterr().err
    assert ("Traceback" in written) == shown
    assert f"error: a: {describe_fault(RuntimeError('odd'))}" in written


def test_names_cannot_steer_the_terminal():
    assert printable("a é 漢\u3000b") == "a é 漢\\u3000b"
    write_ovt(EVIL_NAME)
    pathlib.Path("x\x1b]0;title\x07.ovt").write_bytes(b"junk")
    pathlib.Path(os.fsdecode(b"raw\xff.ovt")).write_bytes(b"junk")
    shown = run("info", ".")
    decoded = run("decode", ".", "-o", "out")
    missing = run("info", "no\x1b[31m")
    assert (shown.returncode, decoded.returncode, missing.returncode) == (1, 1, 1)
    assert r"red\x1b[31m\x07\u202e.ovt" in shown.stdout
    assert r"red\x1b[31m\x07\u202e.png" in decoded.stderr
    for done in (shown, decoded, missing):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", done.stdout + done.stderr)
        assert "Traceback" not in done.stderr


def test_notes_are_written_by_one_function():
    for path in (ROOT / "src/overtone/cli").glob("*.py"):
        if path.name != "exits.py":
            assert "file=sys.stderr" not in path.read_text("utf-8"), f"{path}: use exits.note"


@pytest.mark.parametrize(
    ("shell", "code"),
    [(">&-", 1), ("2>&-", 0), ("<&-", 0), (">&- 2>&- <&-", 1), (">/dev/full", 1)],
)
def test_closed_and_full_streams_give_one_line(shell, code):
    write_ovt("a.ovt")
    done = run("info", "a.ovt", shell=shell)
    assert done.returncode == code
    assert "2>&-" in shell or len(done.stderr.splitlines()) == code
    assert "Traceback" not in done.stderr
    assert ("codec" in done.stdout) == (code == 0)


def test_results_are_not_mixed_with_notes_where_standard_error_is_closed():
    write_ovt("a.ovt")
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m overtone.cli.start decode a.ovt -o - 2>&-'],
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"\x89PNG")
    assert done.stdout.endswith(b"IEND\xaeB`\x82")


def test_closed_standard_input_is_no_picture():
    done = run("encode", "-", "-o", "a.ovt", shell="<&-")
    assert done.returncode == 1
    assert "no picture" in done.stderr


INTERRUPTED_IMPORT = """
import sys
from overtone.cli.start import main
class Interrupt:
    def find_spec(self, name, *_):
        if name == "cyclopts":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
sys.argv = ["overtone", "info", "a.ovt"]
sys.exit(main())
"""


def test_an_interrupt_while_importing_is_one_line():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")


def test_the_installed_command_starts_where_interrupts_are_seen_to():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'overtone = "overtone.cli.start:main"' in text


HANGING_WRITE = """
import os, sys, time, pathlib
from overtone.cli import start
def hang(handle):
    pathlib.Path("writing").touch()
    time.sleep(60)
os.fsync = hang
sys.argv = ["overtone", "decode", "a.ovt", "-o", "a.png"]
sys.exit(start.main())
"""


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")],
)
def test_a_signal_leaves_nothing_half_written(number, code, word):
    write_ovt("a.ovt")
    with subprocess.Popen(
        [sys.executable, "-c", HANGING_WRITE], stderr=subprocess.PIPE, text=True
    ) as process:
        for _ in range(600):
            if pathlib.Path("writing").exists():
                break
            time.sleep(0.1)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (code, f"error: {word}\n")
    assert sorted(os.listdir()) == ["a.ovt", "writing"]


def test_sigterm_that_is_ignored_stays_ignored():
    code = "import signal, sys; from overtone.cli import start; sys.argv = ['x', '--version']"
    code += "; signal.signal(signal.SIGTERM, signal.SIG_IGN); start.main()"
    code += "; assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_devices_need_no_force():
    write_ovt("a.ovt")
    assert main(["decode", "a.ovt", "-o", "/dev/null"]) == 0
    assert main(["decode", "a.ovt", "-o", "/dev/null", "--force"]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "overtone.cli.start", "decode", "a.ovt", "-o", "/dev/stdout"],
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"\x89PNG")
