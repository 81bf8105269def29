"""Many pictures by Ray: nothing is lost, doubled or different, whoever dies."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shlex
import signal

import numpy as np
import pytest
from experiments.cluster.crops import write_crops
from experiments.cluster.kills import Command, trial
from experiments.cluster.manifests import results_in
from helpers import pictures
from PIL import Image
from test_guides import BLOCK, commands_in
from toy_cluster import converted, events_in, names_in, on_another_disk, shard, write_pictures

import overtone
from overtone.batch.cluster import TRIES, connected
from overtone.batch.plan import Picture, make_plan
from overtone.batch.shards import from_samples
from overtone.batch.work import Converting
from overtone.cli.main import main
from overtone.evaluate.rate_distortion.rows import read_rows
from overtone.integrations import ovt

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'overtone-image[cluster]'")
# What Ray leaves to be closed at the end of the program.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning")

ROOT = pathlib.Path(__file__).parent.parent
FAST = ["--effort", "fast", "--threads", "1"]


@pytest.fixture(scope="module")
def cluster():
    """One cluster of two workers for all tests."""
    with connected("local", workers=2) as started:
        yield started


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with pictures in two folders, one damaged, and a note."""
    monkeypatch.chdir(tmp_path)
    write_pictures()
    return tmp_path


def on_cluster(verb, *arguments):
    return main([verb, *arguments, "--cluster", "local"])


def test_results_are_those_of_one_process(cluster, folder, capsys):
    for out, more in (("here", []), ("there", ["--cluster", "local"])):
        assert main(["encode", "pictures", "-r", "-o", out, *FAST, *more]) == 1
        assert (
            "1 of 5 files failed:\nerror: pictures/bad.png: this is no" in capsys.readouterr().err
        )
    here = results_in(folder / "here")
    assert set(here) == {"a.ovt", "b.ovt", "day 1/a.ovt", "day 1/c.ovt"}
    assert results_in(folder / "there") == here
    events = {
        each["source"]: each for each in events_in("there/manifest.jsonl") if "source" in each
    }
    assert events["pictures/day 1/c.png"]["size_bytes"] == len(here["day 1/c.ovt"])
    assert events["pictures/day 1/c.png"]["height"] == 27
    assert events["pictures/bad.png"]["event"] == "bad"
    assert on_cluster("decode", "there", "-r", "-o", "again", "--scale", "2", "-q") == 0
    pixels = np.asarray(Image.open("again/day 1/c.png"))
    np.testing.assert_array_equal(pixels, overtone.decode(here["day 1/c.ovt"], scale=2))


def test_a_second_run_does_what_is_new(cluster, folder, capsys):
    command = ("pictures", "-o", "out", *FAST)
    assert on_cluster("encode", *command) == 1
    before = len(events_in("out/manifest.jsonl"))
    command = ("pictures", "-o", str(folder / "out"), *FAST, "--max-seconds", "600")
    pathlib.Path("pictures/bad.png").write_bytes(pathlib.Path("pictures/a.png").read_bytes())
    pathlib.Path("out/b.ovt").unlink()
    capsys.readouterr()
    assert on_cluster("encode", *command) == 0
    assert "2 done, 1 were done before" in capsys.readouterr().err
    new = events_in("out/manifest.jsonl")[before:]
    done = sorted(each["source"] for each in new if each["event"] == "done")
    assert done == ["pictures/b.png", "pictures/bad.png"]
    assert on_cluster("encode", *command, "--quality", "30") == 2
    assert "was begun with quality null, and this command has 30.0" in capsys.readouterr().err


def test_what_others_have_written_is_kept(cluster, folder, capsys):
    pathlib.Path("out").mkdir()
    pathlib.Path("out/a.ovt").write_text("theirs")
    inputs = ["pictures/a.png", "pictures/b.png", "-o", "out", *FAST]
    assert on_cluster("encode", *inputs) == 1
    assert "error: pictures/a.png: out/a.ovt exists; give --force" in capsys.readouterr().err
    assert on_cluster("encode", *inputs, "--skip-existing") == 0
    assert pathlib.Path("out/a.ovt").read_text() == "theirs"
    assert on_cluster("encode", *inputs, "--force") == 0
    assert overtone.decode("out/a.ovt").shape == (24, 40, 3)


def test_a_file_that_kills_its_workers_is_given_up(cluster, folder):
    tries = str(folder / "tries")

    def convert(source):
        if source == b"no picture":
            with open(tries, "a") as file:
                file.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        return source[::-1], {}

    pictures = [Picture(str(path), str(path)) for path in sorted(pathlib.Path().rglob("*.png"))]
    failures = converted(cluster, pictures, "out", convert)
    assert failures.keys() == {"pictures/bad.png"}
    assert "workers died of it" in failures["pictures/bad.png"]
    assert "is the result of pictures/a.png" in str(make_plan(pictures, "o", ".x").failures)
    assert len(pathlib.Path(tries).read_text()) == TRIES
    assert (
        pathlib.Path("out/b.out").read_bytes()[::-1] == pathlib.Path("pictures/b.png").read_bytes()
    )


@pytest.mark.parametrize("kind", ["worker", "driver"])
def test_kills_lose_and_double_nothing(cluster, tmp_path, kind):
    write_crops(ROOT / "examples", tmp_path / "pictures", 24, seed=0)
    address = ray.get_runtime_context().gcs_address
    command = Command(tmp_path / "pictures", address, owner=os.getpid())
    wanted = {
        f"{path.stem}.ovt": overtone.encode(path, effort="fast", num_threads=1)
        for path in sorted((tmp_path / "pictures").iterdir())
    }
    row = trial(command, tmp_path / "out", wanted, kind, seed=3)
    faults = ("num_lost", "num_surplus", "num_doubled", "num_differing", "num_repeated_in_vain")
    assert [row[name] for name in faults] == [0] * len(faults)
    assert 1 <= row["num_repeated"] <= row["num_in_flight"] <= 4


def test_tar_files_become_tar_files(cluster, folder, capsys):
    webdataset = pytest.importorskip("webdataset")
    shard("in-0.tar", ["x/a", "x/b", "x/c"], bad={"x/b"})
    shard("in-1.tar", ["y", "z"])
    command = ("in-{0..1}.tar", "-o", "out-{00..01}.tar", *FAST)
    assert on_cluster("encode", *command) == 1
    assert "1 of 5 files failed:\nerror: in-0.tar::x/b.png: " in capsys.readouterr().err
    assert names_in("out-00.tar") == ["x/a.ovt", "x/a.cls", "x/c.ovt", "x/c.cls"]
    assert not list(pathlib.Path().glob("*.parts"))
    before = {name: pathlib.Path(name).read_bytes() for name in ("out-00.tar", "out-01.tar")}
    assert on_cluster("encode", *command) == 1
    assert "0 done, 4 were done before" in capsys.readouterr().err
    assert {name: pathlib.Path(name).read_bytes() for name in before} == before
    loaded = webdataset.WebDataset("out-{00..01}.tar", shardshuffle=False).decode(ovt)
    samples = [(each["__key__"], each["ovt"].shape, each["cls"]) for each in loaded]
    assert samples == [("x/a", (20, 33, 3), 0), ("x/c", (22, 33, 3), 2), ("y", (20, 33, 3), 0),
                       ("z", (21, 33, 3), 1)]  # fmt: skip
    assert on_cluster("decode", "out-00.tar", "-o", "back", "-q") == 0
    assert Image.open("back/out-00/x/c.png").size == (33, 22)


def test_a_folder_becomes_tar_files(cluster, folder):
    pathlib.Path("pictures/bad.png").unlink()
    command = ("pictures", "-r", "-o", "out-{0..1}.tar", *FAST, "--manifest", "m.parquet")
    assert on_cluster("encode", *command, "-q") == 0
    names = [names_in(f"out-{number}.tar") for number in (0, 1)]
    assert names == [["a.ovt", "b.ovt"], ["day 1/a.ovt", "day 1/c.ovt"]]
    pathlib.Path("out-1.tar").unlink()  # it is made again of what it was made of
    assert on_cluster("encode", *command, "-q") == 0
    assert names_in("out-1.tar") == names[1]


def test_a_hostile_name_in_a_tar_file_leads_nowhere(cluster, folder, capsys):
    data = pathlib.Path("pictures/a.png").read_bytes()
    names = ("../evil.png", "/evil.png", "good.png")
    pathlib.Path("in.tar").write_bytes(from_samples([(name, data) for name in names]))
    assert on_cluster("encode", "in.tar", "-o", "out", *FAST) == 1
    assert capsys.readouterr().err.count("leads out of a folder") == 2
    assert sorted(path.name for path in folder.rglob("*.ovt")) == ["good.ovt"]


def test_remote_addresses(cluster, folder, capsys):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in ("a.png", "deep/b.png", "bad.png", "note.txt"):
        source = pathlib.Path("pictures", pathlib.Path(name).name)
        memory.pipe_file(f"/in/{name}", source.read_bytes())
    pathlib.Path("list.txt").write_text("memory://in\n\n# a remark\npictures/gone.png\n")
    command = ("@list.txt", "-r", "-o", "memory://out", *FAST)
    assert on_cluster("encode", *command) == 2
    assert "give --manifest FILE" in capsys.readouterr().err
    assert on_cluster("encode", *command, "--manifest", "m.jsonl") == 1
    said = capsys.readouterr().err
    assert "2 done" in said
    assert "error: pictures/gone.png: there is no file " in said
    assert sorted(memory.find("/out")) == ["/out/a.ovt", "/out/deep/b.ovt"]
    wanted = overtone.encode("pictures/b.png", effort="fast", num_threads=1)
    assert memory.cat_file("/out/deep/b.ovt") == wanted
    assert main(["decode", "memory://out/a.ovt", "-o", "x", "--cluster", "127.0.0.1:1"]) == 2
    assert "lies in the memory of this process" in capsys.readouterr().err
    assert on_cluster("encode", "nowhere://in/a.png", "-o", "x") == 2
    assert "nowhere://in/a.png cannot be opened" in capsys.readouterr().err


def test_rows_of_a_comparison(cluster, folder):
    pytest.importorskip("matplotlib")
    inputs = ("pictures/a.png", "pictures/day 1", "--codecs", "jpeg,webp", "--qualities", "20,60")
    for out, more in (("here", []), ("there", ["--cluster", "local"])):
        command = ["compare", *inputs, "-o", out, "--pictures", "1", "--threads", "1", *more]
        assert main(command) == 0
    rows = [
        {
            (row.codec, row.image, row.quality): row.size_bytes
            for row in read_rows(pathlib.Path(out))
        }
        for out in ("here", "there")
    ]
    assert len(rows[0]) == 12
    assert rows[0] == rows[1]
    assert "<img" in pathlib.Path("there/report.html").read_text("utf-8")


def test_samples_and_distances_are_those_of_one_process(cluster, folder):
    np.savez("real.npz", x=pictures(120, 28, 28, 1))
    sampled, measured = [], []
    for out, more in (("here", []), ("there", ["--cluster", "local"])):
        more = [*more, "--threads", "1", "--seed", "4", "-q"]
        pathlib.Path("mnist").mkdir()  # as a folder of data may be called
        assert main(["sample", "mnist", "-n", "300", "-o", f"{out}.npz", *more]) == 0
        pathlib.Path("mnist").rmdir()
        sampled.append(np.load(f"{out}.npz")["x"])
        rows = ["--reference", "real.npz", "-n", "300", "-o", f"{out}.jsonl", "--json"]
        assert main(["evaluate", "mnist", *rows, *more]) == 0
        lines = pathlib.Path(f"{out}.jsonl").read_text("utf-8").splitlines()
        measured.append([json.loads(line) | {"date": ""} for line in lines])
    assert sampled[0].shape == (300, 28, 28, 1)
    assert len(np.unique(sampled[0], axis=0)) == 300  # no chunk is drawn twice
    np.testing.assert_array_equal(*sampled)
    assert measured[0] == measured[1]


@pytest.mark.filterwarnings("ignore")  # those of Ray Data
def test_the_guide_runs_as_printed(cluster, folder, capsys):
    pytest.importorskip("webdataset")
    pathlib.Path("pictures/bad.png").unlink()
    pathlib.Path("pictures").rename("photos")
    for name in ("raw", "ovt"):
        pathlib.Path(name).mkdir()
    for number in (0, 1):
        shard(f"raw/in-00{number}.tar", [f"{number}/a", f"{number}/b"])
    page = (ROOT / "docs" / "guide" / "cluster.md").read_text("utf-8")
    num_run = 0
    for language, block in BLOCK.findall(page):
        if language == "python":
            exec(compile(block, "cluster.md", "exec"), {})
            num_run += 1
        for line in commands_in(block) if not language else ():
            # Those of another cluster cannot run, and the drawing of many samples takes long.
            if line.endswith("--cluster local") and not line.startswith("overtone sample"):
                assert main(shlex.split(line)[1:]) == 0, capsys.readouterr().err
                num_run += 1
    assert num_run == 6
    said = capsys.readouterr().out
    assert "(20, 33, 3) 0\n(21, 33, 3) 1\n(20, 33, 3) 0\n" in said
    assert re.search(r"^\(2[4-7], 40, 3\)$", said, re.M)


def test_files_that_workers_do_not_see_are_sent(cluster, folder, monkeypatch):
    """As on a machine that has another disk: what lies here is not there for a worker."""
    picture, shard = on_another_disk()

    def convert(source):
        return source[::-1], {}

    # A marker of the same name that another run has left there is not this one's.
    monkeypatch.setattr(
        "overtone.batch.run.Converting", lambda convert, *_: Converting(convert, __file__)
    )
    monkeypatch.setattr("overtone.batch.run.Shard", shard)
    elsewhere = dataclasses.replace(cluster, is_local=False)
    pictures = [picture(f"pictures/{name}.png", f"pictures/{name}.png") for name in ("a", "b", "c")]
    failures = converted(elsewhere, pictures, "out", convert)
    assert failures.keys() == {"pictures/c.png"}
    for name in ("a", "b"):
        data = pathlib.Path("pictures", f"{name}.png").read_bytes()
        assert pathlib.Path("out", f"{name}.out").read_bytes()[::-1] == data
    assert sorted(os.listdir("out")) == ["a.out", "b.out"]
    assert converted(elsewhere, pictures, "out.tar", convert).keys() == {"pictures/c.png"}
    assert names_in("out.tar") == ["a.out", "b.out"]


def test_no_more_is_handed_out_than_was_asked_for(cluster):
    assert cluster.is_full
    taken = []
    with connected("local", workers=1) as one:
        for number, _ in enumerate(one.finished(str, (taken.append(n) for n in range(3))), 1):
            assert len(taken) == number  # two processors are free, and Ray would begin two
