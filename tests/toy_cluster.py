"""Tar files, plans and manifests for the tests of work on a cluster."""

from __future__ import annotations

import json
import os
import pathlib
import tarfile

from helpers import scene
from PIL import Image

from overtone.batch.manifest import opened_manifest
from overtone.batch.outlook import look_out
from overtone.batch.plan import Picture, make_plan
from overtone.batch.run import run
from overtone.batch.shards import from_samples
from overtone.batch.work import Shard
from overtone.errors import PathError


def events_in(manifest):
    return [json.loads(line) for line in pathlib.Path(manifest).read_text("utf-8").splitlines()[1:]]


def converted(cluster, pictures, out, convert):
    plan = make_plan(pictures, out, ".out")
    with opened_manifest(f"{out}.jsonl", {}) as manifest:
        outlook = look_out(plan, manifest, "fail")
        failures = run(cluster, plan, outlook, convert, manifest, lambda _: None)
        manifest.end()
    return {source: str(error) for source, error in failures}


def write_pictures():
    """Four pictures in two folders, a damaged one, and a note."""
    for number, name in enumerate(("a", "b", "day 1/a", "day 1/c")):
        path = pathlib.Path("pictures", f"{name}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(scene(24 + number, 40, seed=number)).save(path)
    pathlib.Path("pictures/bad.png").write_text("no picture")
    pathlib.Path("pictures/note.txt").write_text("no picture either")


def shard(name, keys, *, bad=()):
    """A tar file of pictures with a class each."""
    members = []
    for number, key in enumerate(keys):
        picture = pathlib.Path(f"{number}.png")
        Image.fromarray(scene(20 + number, 33, seed=number)).save(picture)
        members.append((f"{key}.png", b"no picture" if key in bad else picture.read_bytes()))
        members.append((f"{key}.cls", str(number).encode()))
        picture.unlink()
    pathlib.Path(name).write_bytes(from_samples(members))


def on_another_disk():
    """Pictures and tar files of this process that are not there for a worker."""
    own = os.getpid()

    def check():
        if os.getpid() != own:
            raise PathError("there is no such file on this machine")

    class HiddenPicture(Picture):
        def read(self):
            check()
            return super().read()

    class HiddenShard(Shard):
        def pack(self):
            check()
            return super().pack()

    return HiddenPicture, HiddenShard


def names_in(path):
    with tarfile.open(path) as tar:
        return tar.getnames()
