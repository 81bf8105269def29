"""A short run of the fuzzer, and what it has found."""

from __future__ import annotations

import pathlib
import random
import re
import subprocess
import sys

import fuzz_decode
import pytest
from fuzz_files import CORPUS, ListFile, corpus, mutate

from overtone.bitstream.container import Container
from overtone.codecs.registry import CODEC_IDS, decode
from overtone.errors import CorruptError

ROOT = pathlib.Path(__file__).parent.parent
MAX_CORPUS_BYTES = 300_000
RUNS = 1500


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz_decode, "KEPT", tmp_path / "runs")


def test_every_file_of_the_corpus_decodes():
    files = corpus(sorted(CODEC_IDS.values()))
    assert len(files) > 30
    assert sum(map(len, files)) < MAX_CORPUS_BYTES
    for file in files:
        assert decode(file, num_threads=1).size > 0
    assert {Container.from_bytes(file).codec_id for file in files} >= {1, 2, 3}
    assert CORPUS.is_dir()


@pytest.mark.slow
def test_damaged_files_are_refused_or_decoded(tmp_path):
    script = str(ROOT / "tests" / "fuzz_decode.py")
    record = tmp_path / "record.jsonl"
    command = [sys.executable, script, "--runs", str(RUNS), "--record", str(record)]
    for _ in range(2):  # the second run finds everything done
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{RUNS} inputs, 0 failures" in done.stdout
    assert len(record.read_text().splitlines()) == 1


def test_what_is_wrong_is_found_and_kept(monkeypatch):
    def broken(data: bytes, **arguments: object) -> None:
        raise IndexError("no such thing")

    monkeypatch.setattr(fuzz_decode, "decode", broken)
    found = fuzz_decode.fuzz(corpus(["sparse-dct"]), None, range(7, 9), 3)
    assert len(found["failures"]) == 2
    kept = (fuzz_decode.KEPT / "fuzz-3-7.ovt").read_bytes()
    assert kept == mutate(corpus(["sparse-dct"]), random.Random("3:7"))


def test_a_list_that_names_a_coefficient_twice_is_a_damaged_file(monkeypatch):
    listed = ListFile.made()
    triples = listed.model.triples_of(decode(listed.data, model=listed.model))
    twice = triples[[0, 0]]
    monkeypatch.setattr(listed.model, "write", lambda choices: twice)
    monkeypatch.setattr("overtone.codecs.dct_list.SymbolReader.finish", lambda reader: None)
    with pytest.raises(CorruptError, match="named twice in a picture"):
        decode(listed.data, model=listed.model)


def test_the_lock_with_hashes_has_the_locked_versions():
    pins = re.findall(r"^[\w.-]+==\S+", (ROOT / "constraints.txt").read_text(), re.M)
    lock = (ROOT / "requirements.lock").read_text()
    hashed = re.findall(r"^([\w.-]+==\S+) \\\n    --hash=sha256:", lock, re.M)

    def normal(pin: str) -> str:
        name, _, version = pin.partition("==")
        return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"

    assert sorted(map(normal, hashed)) == sorted(map(normal, pins)), "run make lock"
