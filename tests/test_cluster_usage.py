"""`--cluster` where nothing is done: wrong usage, no cluster, no Ray."""

from __future__ import annotations

import importlib
import pathlib
import socket
import sys
import types

import pytest
from helpers import scene
from PIL import Image
from toy_cluster import shard

from overtone.batch.cluster import Cluster, ClusterError, _as_sent, _result_of, connected
from overtone.batch.comparing import Measuring, measured_on
from overtone.batch.plan import Picture
from overtone.cli.cluster import OnCluster
from overtone.cli.cluster_inputs import found_pictures
from overtone.cli.main import main
from overtone.cli.outcome import Outcome
from overtone.errors import DataError, PathError
from overtone.evaluate.rate_distortion.run import Sample, Setting, plan


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with three pictures."""
    monkeypatch.chdir(tmp_path)
    pathlib.Path("pictures").mkdir()
    for number, name in enumerate("abc"):
        Image.fromarray(scene(24 + number, 40, seed=number)).save(f"pictures/{name}.png")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "-o", "out"], "a cluster works on files"),
        (["pictures", "-o", "out", "--workers", "2"], "--workers is for work on a cluster"),
        (["pictures", "-o", "out.ovt"], "on a cluster -o is a folder, or ends in .tar"),
        (["pictures", "-o", "o-{0..8}.tar"], "is 9 tar files, for 3 pictures"),
        (["pictures", "-o", "out", "--model", "x"], "leave out --cluster"),
        (["pictures", "-o", "out", "--cluster", "here"], "a cluster is local, ray"),
        (["pictures", "-o", "out", "--force", "--skip-existing"], "give one of them"),
        (["pictures", "-o", "out", "--set", "x=1"], "x"),
    ],
)
def test_wrong_usage_is_told_before_anything_starts(folder, capsys, arguments, message):
    more = [] if {"--workers", "--cluster"} & set(arguments) else ["--cluster", "local"]
    assert main(["encode", *arguments, *more]) == 2
    assert message in capsys.readouterr().err
    assert not list(folder.rglob("*.ovt"))


def test_without_ray_one_line_says_what_to_install(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["encode", "pictures/a.png", "-o", "out", "--cluster", "local"]) == 1
    assert "install it with: pip install 'overtone-image[cluster]'" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:Ray Client connection timed out")
def test_without_a_cluster_one_line_says_so(folder, capsys, monkeypatch):
    pytest.importorskip("ray")
    client = importlib.import_module("ray.util.client.worker")
    for name in ("INITIAL_TIMEOUT_SEC", "MAX_TIMEOUT_SEC"):
        monkeypatch.setattr(client, name, 0.1)  # it waits half a minute otherwise
    with socket.socket() as unused:  # nothing listens there
        unused.bind(("127.0.0.1", 0))
        address = f"ray://127.0.0.1:{unused.getsockname()[1]}"
        assert main(["encode", "pictures", "-o", "out", "--cluster", address]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith(f"error: no Ray cluster at {address}: ")
    assert sum(line.startswith("error: ") for line in said) == 1
    assert not list(folder.rglob("*.ovt"))


def test_one_bad_input_leaves_the_others(folder, capsys):
    pytest.importorskip("fsspec")
    shard("in-0.tar", ["x"])
    shard("in-2.tar", ["y", "z"])
    pathlib.Path("in-1.tar").write_text("no tar file")
    pathlib.Path("list").write_text("pictures\nmemory://nowhere\nempty\n")
    pathlib.Path("empty").mkdir()
    outcome = Outcome()
    for names in (["in-{0..3}.tar", "@list"], ["in-*.tar"]):
        found = found_pictures(names, {".png"}, outcome, output="out")
        sources = [each.source for each in found]
        assert sources[:3] == ["in-0.tar::x.png", "in-2.tar::y.png", "in-2.tar::z.png"]
    assert outcome.exit_code() == 1
    said = capsys.readouterr().err
    for each in ("in-1.tar", "in-3.tar", "memory://nowhere", "empty"):
        assert f"error: {each}: " in said
    # Which tar file becomes which is not clear if one is left out; a name that is typed is wrong.
    for names, output in ((["in-{0..1}.tar"], "out-{0..1}.tar"), (["pictures/d.png"], "out")):
        with pytest.raises((DataError, PathError)):
            found_pictures(names, {".png"}, outcome, output=output)


def test_a_tar_file_that_cannot_be_packed_is_no_picture(folder, capsys, monkeypatch):
    failures = [("out.tar", PathError("there is no room"))]
    monkeypatch.setattr(OnCluster, "_run", lambda *_, **__: failures)
    assert main(["encode", "pictures", "-o", "out.tar", "--cluster", "local"]) == 1
    said = capsys.readouterr().err
    assert "3 done; " in said
    assert "1 of 4 files failed:\nerror: out.tar: there is no room" in said


def test_a_row_that_fails_in_an_unforeseen_way_leaves_the_others(folder):
    class Failing(Cluster):
        def finished(self, work, items, *, on_retry=None):
            for number, item in enumerate(items):
                yield item, work(item) if number else RuntimeError("an unforeseen fault")

    sample = Sample("a", scene(24, 40, seed=0))
    settings = [Setting(codec="jpeg", quality=quality) for quality in (20.0, 60.0)]
    planned = plan([sample], settings, folder)
    failed = []
    where = {"a": Picture("a", "pictures/a.png")}
    cluster = Failing(is_local=True, num_workers=1, threads=1, is_full=True)
    measured = measured_on(
        cluster, planned, where, Measuring("s", False), lambda row, _: failed.append(row)
    )
    assert [each.row.quality for each in measured] == [60.0]
    assert failed == planned[:1]


def test_a_task_runs_on_one_machine(monkeypatch):
    nodes = [{"Alive": alive, "Resources": {"CPU": 3.0}} for alive in (True, True, False)]
    running = types.SimpleNamespace(is_initialized=lambda: True, nodes=lambda: nodes)
    monkeypatch.setattr("overtone.batch.cluster._ray", lambda **_: running)
    with connected("ray", threads=2) as cluster:
        assert (cluster.num_workers, cluster.is_full) == (2, True)
    with connected("ray", threads=2, workers=1) as cluster:
        assert (cluster.num_workers, cluster.is_full) == (1, False)
    with pytest.raises(ClusterError, match="has 4 processors; the largest has 3"):
        connected("ray", threads=4).__enter__()


def test_an_error_of_a_library_is_sent_in_words():
    class TimeoutOfLibrary(OSError):
        def __init__(self, request, response):
            super().__init__(f"no answer to {request} but {response}")

    sent = _as_sent(TimeoutOfLibrary("GET", 504))
    assert (type(sent), str(sent)) == (OSError, "TimeoutOfLibrary: no answer to GET but 504")
    for error in (PathError("there is no file a"), PermissionError(13, "denied", "a")):
        assert _as_sent(error) is error


def test_a_lost_machine_costs_a_try_and_no_run(monkeypatch):
    exceptions = pytest.importorskip("ray.exceptions")
    lost = (
        exceptions.LocalRayletDiedError(),
        exceptions.NodeDiedError("no heartbeat"),
        exceptions.ObjectLostError("00ff", None, ""),
        exceptions.OwnerDiedError("00ff", None, ""),
        exceptions.WorkerCrashedError(),
    )
    for error in lost:
        monkeypatch.setattr("ray.get", lambda _, error=error: (_ for _ in ()).throw(error))
        assert "workers died of it" in str(_result_of(None))
    monkeypatch.setattr("ray.get", lambda _: (_ for _ in ()).throw(exceptions.RaySystemError("x")))
    with pytest.raises(ClusterError, match="the cluster cannot work on this"):
        _result_of(None)
