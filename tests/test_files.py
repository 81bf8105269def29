"""Files are written whole, to what they are, and nothing is left of those that fail."""

import os
import pathlib
import stat
import subprocess
import sys
import threading

import pytest

from overtone.cli.files import check_destination, write_bytes
from overtone.errors import ConfigError
from overtone.files import is_stream, new_folder, remove_partial_files, write_atomically

DATA = b"new bytes"


def test_a_new_file_is_as_open_as_the_mask_says(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", DATA)
    finally:
        os.umask(before)
    assert (tmp_path / "a").read_bytes() == DATA
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_a_replaced_file_keeps_its_mode(tmp_path, mode):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_bytes(str(path), DATA, force=True)
    assert path.read_bytes() == DATA
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_of_a_link_the_target_is_replaced_and_the_link_stays(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "a", tmp_path / "link"
    link.symlink_to(target)
    for data in (b"made", DATA):  # where the link leads nowhere at first, too
        write_bytes(str(link), data, force=True)
        assert link.is_symlink()
        assert target.read_bytes() == data
    with pytest.raises(ConfigError, match="exists; give --force"):
        write_bytes(str(link), DATA, force=False)


def test_a_pipe_is_written_to_without_force_and_stays_one(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read = []
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    write_bytes(str(path), DATA, force=False)
    reader.join()
    assert read == [DATA]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("force", [False, True])
def test_a_device_stays_what_it_is(force):
    before = os.stat("/dev/null")
    write_bytes("/dev/null", DATA, force=force)
    after = os.stat("/dev/null")
    assert stat.S_ISCHR(after.st_mode)
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_a_descriptor_goes_on_where_it_is(tmp_path, name):
    log = tmp_path / "log"
    log.write_bytes(b"before ")
    code = f"from overtone.cli.files import *; write_bytes({name!r}, b'new', force=False)"
    with log.open("ab") as file:
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True)
    assert log.read_bytes() == b"before new"


def test_what_is_no_stream_is_known(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    assert not any(map(is_stream, (tmp_path, tmp_path / "a", tmp_path / "missing")))
    with pytest.raises(ConfigError, match="exists"):
        check_destination(str(tmp_path), force=False)
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path, DATA)


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    def fail(*_: object) -> None:
        raise error

    (tmp_path / "a").write_bytes(b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(error):
            write_atomically(tmp_path / "a", DATA)
    with pytest.raises(error), new_folder(tmp_path / "b"):
        raise error
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_file_is_synchronised_before_it_has_its_name(tmp_path, monkeypatch):
    calls = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (calls.append("fsync"), real(handle)))
    replace = pathlib.Path.replace
    monkeypatch.setattr(
        pathlib.Path, "replace", lambda *given: (calls.append("replace"), replace(*given))[1]
    )
    write_atomically(tmp_path / "a", DATA)
    assert calls[:2] == ["fsync", "replace"]


def test_temporary_names_differ_and_follow_no_link(tmp_path, monkeypatch):
    names = []
    monkeypatch.setattr(
        pathlib.Path, "replace", lambda self, _: (names.append(self), self.unlink())
    )
    for _ in range(2):
        write_atomically(tmp_path / "a", DATA)
    assert len(set(names)) == 2
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    monkeypatch.setattr("secrets.token_hex", lambda _: "foreseen")
    (tmp_path / ".overtone-foreseen.part").symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "a", DATA)
    assert victim.read_bytes() == b"precious"


def test_a_folder_appears_whole(tmp_path):
    with new_folder(tmp_path / "b") as partial:
        (partial / "c").write_bytes(DATA)
        assert not (tmp_path / "b").exists()
    assert (tmp_path / "b" / "c").read_bytes() == DATA


def test_files_half_written_by_a_program_that_was_killed_are_taken_away(tmp_path):
    killed = "import os, overtone.files as f; os.fsync = lambda _: os.kill(os.getpid(), 9); "
    killed += f"f.write_atomically(__import__('pathlib').Path({str(tmp_path / 'a')!r}), b'x')"
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -9
    (tmp_path / ".overtone-mine.part").write_text("of nobody")
    assert len(list(tmp_path.glob(".overtone-*"))) == 2
    remove_partial_files(tmp_path)
    assert os.listdir(tmp_path) == [".overtone-mine.part"]
