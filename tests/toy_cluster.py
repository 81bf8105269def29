"""Tar files, plans and manifests for the tests of work on a cluster."""

from __future__ import annotations

import json
import pathlib
import tarfile

from helpers import scene
from PIL import Image

from overtone.batch.manifest import opened_manifest
from overtone.batch.outlook import look_out
from overtone.batch.plan import make_plan
from overtone.batch.run import run
from overtone.batch.shards import from_samples


def events_in(manifest):
    return [json.loads(line) for line in pathlib.Path(manifest).read_text("utf-8").splitlines()[1:]]


def converted(cluster, pictures, out, convert):
    plan = make_plan(pictures, out, ".out")
    with opened_manifest(f"{out}.jsonl", {}) as manifest:
        outlook = look_out(plan, manifest, "fail")
        failures = run(cluster, plan, outlook, convert, manifest, lambda _: None)
        manifest.end()
    return {source: str(error) for source, error in failures}


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


def names_in(path):
    with tarfile.open(path) as tar:
        return tar.getnames()
