"""What `overtone info` prints."""

import json

import pytest
from helpers import scene

import overtone
from overtone.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch, raw_codec):
    """Two files of ours in a folder `out`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    for name, shape in (("a.ovt", (24, 40)), ("b.ovt", (41, 23))):
        data = overtone.encode(scene(*shape), codec=raw_codec, quality=100)
        (tmp_path / "out" / name).write_bytes(data)
    return tmp_path


def test_info_as_json_is_the_public_function(folder, capsys):
    assert main(["info", "out", "--json"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    expected = overtone.info((folder / "out" / "a.ovt").read_bytes())
    assert first == json.loads(json.dumps({"file": "out/a.ovt", **expected}))
    assert second["file"] == "out/b.ovt"


def test_info_shows_the_share_of_each_section(folder, capsys):
    assert main(["info", "out/a.ovt"]) == 0
    out = capsys.readouterr().out
    for word in ("codec", "raw", "rate bpp", "metadata.icc bytes", "pixels", "container", "%"):
        assert word in out
