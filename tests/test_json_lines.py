"""Files of rows after a full disk or a sudden end."""

import json
import os
import pathlib

import pytest
from helpers import scene
from PIL import Image

from overtone.cli.main import main
from overtone.errors import ConfigError
from overtone.evaluate import json_lines
from overtone.evaluate.json_lines import CutLineWarning, append_json_lines, read_json_lines
from overtone.evaluate.rate_distortion.rows import read_rows


def parse(line):
    try:
        return json.loads(line)
    except ValueError as error:
        raise ConfigError(str(error)) from error


@pytest.fixture
def path(tmp_path):
    append_json_lines(tmp_path / "new" / "rows.jsonl", ['{"a": 1}', '{"a": 2}'])
    return tmp_path / "new" / "rows.jsonl"


@pytest.mark.parametrize("cut", [b"{", b'{"a": 3', b'{"a": "\xc3', b'{"a": 3, "b'])
def test_a_cut_last_line_is_left_out_and_taken_away(path, cut):
    path.write_bytes(path.read_bytes() + cut)
    with pytest.warns(CutLineWarning, match=r"rows.jsonl: the last line was cut short"):
        assert read_json_lines(path, parse) == [{"a": 1}, {"a": 2}]
    append_json_lines(path, ['{"a": 4}'])
    assert path.read_text() == '{"a": 1}\n{"a": 2}\n{"a": 4}\n'


def test_a_whole_last_line_without_its_end_is_kept(path):
    path.write_bytes(path.read_bytes()[:-1])
    assert read_json_lines(path, parse) == [{"a": 1}, {"a": 2}]
    append_json_lines(path, ['{"a": 4}'])
    assert path.read_text() == '{"a": 1}\n{"a": 2}\n{"a": 4}\n'


def test_damage_elsewhere_is_named_with_its_line(path):
    path.write_text('{"a": 1\n{"a": 2}\n')
    with pytest.raises(ConfigError, match=r"rows.jsonl, line 1"):
        read_json_lines(path, parse)
    path.write_text('{"a": 1}\n{"a": 2\n')  # with its end it was written so
    with pytest.raises(ConfigError, match=r"rows.jsonl, line 2"):
        read_json_lines(path, parse)


@pytest.mark.parametrize("text", ["[" * 100_000 + "\n", "\udcff"])
def test_other_files_are_named(path, text):
    path.write_bytes(text.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(ConfigError, match=r"rows.jsonl"):
        read_json_lines(path, parse)


def test_a_full_disk_leaves_the_rows_that_were_there(path, monkeypatch):
    before = path.read_bytes()
    real = pathlib.Path.open

    class Full:
        """A file that takes ten bytes and no more."""

        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            return self.file.write(data[:10])

    monkeypatch.setattr(pathlib.Path, "open", lambda *given, **named: Full(real(*given, **named)))
    with pytest.raises(OSError, match="No space left"):
        append_json_lines(path, ['{"a": 3}', '{"a": 4}'])
    monkeypatch.undo()
    assert path.read_bytes() == before


def test_compare_goes_on_after_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(scene(24, 32)).save("a.png")
    command = ["compare", "a.png", "--codecs", "jpeg", "--qualities", "20,60", "-o", "out"]
    command += ["--pictures", "0"]
    assert main(command) == 0
    (file,) = pathlib.Path("out").glob("*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    os.truncate(file, len(lines[0]) + len(lines[1]) // 2)
    with pytest.warns(CutLineWarning):
        assert main(command) == 0
    assert [row.quality for row in read_rows(file)] == [20, 60]
    assert file.read_bytes().startswith(lines[0])
    assert json_lines.read_json_lines(file, parse)
