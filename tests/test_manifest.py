"""The manifest of a run: what a killed run leaves, and what the next makes of it."""

from __future__ import annotations

import json

import pytest

from overtone.batch.manifest import opened_manifest
from overtone.batch.outlook import look_out
from overtone.batch.places import stamp_of
from overtone.batch.plan import Picture, make_plan
from overtone.errors import ConfigError, PathError

SETTINGS = {"work": "encoding", "quality": 30, "size": (3, 2)}


def done(source, size_bytes=5):
    return {"source": source, "destination": f"{source}.ovt", "size_bytes": size_bytes}


def test_a_run_that_was_killed_is_taken_up(tmp_path):
    path = tmp_path / "m.jsonl"
    with opened_manifest(str(path), SETTINGS) as manifest:
        for source in ("a", "b", "c\udcff"):  # the last is no name in Unicode
            manifest.begin(source)
        manifest.finish(done("a"))
        manifest.refuse("b", "no picture")
    with path.open("ab") as file:
        file.write(b'{"event": "done", "source": "c')  # killed while it wrote
    with opened_manifest(str(path), SETTINGS) as manifest:
        assert manifest.begun == {"a", "b", "c\udcff"}
        assert manifest.done.keys() == {"a"}
        assert manifest.bad == {"b": "no picture"}
        assert not manifest.tries_bad_again
        manifest.finish(done("c\udcff"))
        manifest.end()
    events = [
        json.loads(line.decode("utf-8", "surrogateescape"))
        for line in path.read_bytes().splitlines()
    ]
    assert [each.get("event") for each in events[1:]] == [
        *("begun", "begun", "begun", "done", "bad", "done", "end")
    ]
    with opened_manifest(str(path), SETTINGS) as manifest:
        assert manifest.done.keys() == {"a", "c\udcff"}
        assert manifest.tries_bad_again


def test_a_picture_that_was_mended_is_bad_no_more(tmp_path):
    path = str(tmp_path / "m.jsonl")
    with opened_manifest(path, SETTINGS) as manifest:
        manifest.refuse("a", "no picture")
        manifest.finish(done("a"))
        assert not manifest.bad


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SETTINGS | {"quality": 50}, "was begun with quality 30, and this command has 50"),
        (SETTINGS | {"more": 1}, "was begun with more null, and this command has 1"),
        ({"quality": 30, "size": (3, 2)}, 'was begun with work "encoding", and this command has'),
    ],
)
def test_other_settings_are_refused(tmp_path, settings, message):
    path = tmp_path / "m.jsonl"
    with opened_manifest(str(path), SETTINGS):
        pass
    before = path.read_bytes()
    for restart in (False, True):  # a run that did not end is not begun anew
        with (
            pytest.raises(ConfigError, match=message),
            opened_manifest(str(path), settings, restart=restart),
        ):
            pass
    assert path.read_bytes() == before


def test_a_run_that_has_ended_can_be_begun_anew(tmp_path):
    path = str(tmp_path / "m.jsonl")
    with opened_manifest(path, SETTINGS) as manifest:
        manifest.finish(done("a"))
        manifest.end()
    with opened_manifest(path, SETTINGS | {"quality": 50}, restart=True) as manifest:
        assert not manifest.done
    with opened_manifest(path, SETTINGS | {"quality": 50}) as manifest:
        assert not manifest.done


def test_a_killed_run_after_one_that_has_ended_counts(tmp_path):
    path = str(tmp_path / "m.jsonl")
    with opened_manifest(path, SETTINGS) as manifest:
        manifest.refuse("kills its worker", "3 workers died of it")
        manifest.refuse("b", "no picture")
        manifest.end()
    with opened_manifest(path, SETTINGS) as manifest:  # killed while it tried b again
        assert manifest.tries_bad_again
        manifest.begin("b")
    before = (tmp_path / "m.jsonl").read_bytes()
    with (
        pytest.raises(ConfigError, match="was begun with quality 30"),
        opened_manifest(path, SETTINGS | {"quality": 50}, restart=True),
    ):
        pass
    assert (tmp_path / "m.jsonl").read_bytes() == before
    with opened_manifest(path, SETTINGS) as manifest:
        assert not manifest.tries_bad_again
        assert manifest.bad.keys() == {"kills its worker"}


def test_a_result_of_another_file_is_made_again(tmp_path):
    source, result = tmp_path / "a.png", tmp_path / "out" / "a.x"
    result.parent.mkdir()
    for path in (source, result):
        path.write_bytes(b"12345")
    plan = make_plan([Picture("a", str(source))], str(result.parent), ".x")
    with opened_manifest(str(tmp_path / "m.jsonl"), SETTINGS) as manifest:
        manifest.finish(done("a") | stamp_of(str(source)))
        assert look_out(plan, manifest, "fail").num_done == 1
        source.write_bytes(b"123456")
        assert len(look_out(plan, manifest, "fail").items) == 1
        assert look_out(plan, manifest, "skip").num_skipped == 1
        manifest.begin("a")
        result.write_bytes(b"1234567")  # killed before it was told
        for existing in ("fail", "skip"):
            assert len(look_out(plan, manifest, existing).items) == 1


def test_a_tar_file_of_other_pictures_is_made_again(tmp_path):
    source, result = tmp_path / "a.png", tmp_path / "out.tar"
    for path in (source, result):
        path.write_bytes(b"12345")
    plan = make_plan([Picture("a", str(source))], str(result), ".x")
    path = str(tmp_path / "m.jsonl")
    with opened_manifest(path, SETTINGS) as manifest:
        manifest.begin("a")
        manifest.finish(done("a") | stamp_of(str(source)))
        manifest.pack(str(result), 5, 1)
        assert look_out(plan, manifest, "fail").packed == {str(result)}
        source.write_bytes(b"123456")
        assert len(look_out(plan, manifest, "fail").items) == 1
        manifest.reopen(str(result))
        manifest.finish(done("a") | stamp_of(str(source)))  # killed before it was packed
    with opened_manifest(path, SETTINGS) as manifest:
        assert not look_out(plan, manifest, "fail").packed


@pytest.mark.parametrize("text", ["no JSON\n", "[1]\n", '{"manifest": 2, "settings": {}}\n', "1\n"])
def test_another_file_is_left_alone(tmp_path, text):
    path = tmp_path / "m.jsonl"
    path.write_text(text)
    with (
        pytest.raises(ConfigError, match=r"m\.jsonl.* give another --manifest"),
        opened_manifest(str(path), SETTINGS),
    ):
        pass
    assert path.read_text() == text


def test_one_run_at_a_time(tmp_path):
    path = str(tmp_path / "m.jsonl")
    with (
        opened_manifest(path, SETTINGS),
        pytest.raises(PathError, match="another run writes to"),
        opened_manifest(path, SETTINGS),
    ):
        pass
    with pytest.raises(PathError, match="there is no folder"):
        opened_manifest(str(tmp_path / "missing" / "m.jsonl"), SETTINGS).__enter__()


def test_a_table_in_the_end(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra cluster")
    path = tmp_path / "m.parquet"
    for source in ("a", "b\udcff"):
        with opened_manifest(str(path), SETTINGS) as manifest:
            manifest.finish(done(source) | {"psnr_db": 31.5})
            manifest.refuse("c", "no picture")
            manifest.end()
    rows = sorted(parquet.read_table(path).to_pylist(), key=lambda row: row["source"])
    assert [(row["source"], row["psnr_db"], row["reason"]) for row in rows] == [
        ("a", 31.5, None),
        ("b\ufffd", 31.5, None),
        ("c", None, "no picture"),
    ]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["m.parquet", "m.parquet.jsonl"]
