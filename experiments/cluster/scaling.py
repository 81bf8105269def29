"""How much faster do two workers of one thread encode a thousand pictures than one?

    python -m experiments.cluster.scaling --out experiments/cluster/rows/scaling.jsonl

Pictures of 288x192 pixels are cut from photographs, those in `examples/` unless others are given,
and encoded with effort fast by a Ray cluster on this machine, as `overtone encode --cluster local`
does it, from files to files, with the manifest. One worker and two take turns. The time is from the
first picture handed out to the last one done; each worker has encoded a few pictures before, so
that the start of Ray and of its processes is not in it, and stands beside it. Rows are added; the
last line says the ratio of the medians of this run.
"""

import argparse
import itertools
import json
import pathlib
import statistics
import tempfile
import time
from typing import Any

from experiments.cluster.crops import write_crops
from experiments.harness.records import append_record
from overtone.batch.cluster import LOCAL, Cluster, connected
from overtone.batch.manifest import opened_manifest
from overtone.batch.outlook import look_out
from overtone.batch.plan import Picture, make_plan
from overtone.batch.run import run
from overtone.batch.work import Encoding
from overtone.bitstream.container import DEFAULT_MAX_PIXELS
from overtone.evaluate.provenance import now, provenance

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
SIZE = (288, 192)
EFFORT = "fast"
NUM_WORKERS = (1, 2)
NUM_WARM = 8  # pictures that are encoded before the clock starts, for each worker


def main() -> None:
    """Parses the command line, measures, prints each row and the ratio."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--photos", type=pathlib.Path, default=EXAMPLES, help="folder")
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows, started = [], now()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pictures = folder / "pictures"
        write_crops(arguments.photos, pictures, arguments.pictures, seed=arguments.seed, size=SIZE)
        for repeat, num_workers in itertools.product(range(arguments.repeats), NUM_WORKERS):
            row = {
                **measured(pictures, folder / f"{num_workers}-{repeat}", num_workers),
                "photos": arguments.photos.resolve().name,
                "repeat": repeat,
                "seed": arguments.seed,
                "run": started,
                **provenance(),
            }
            append_record(arguments.out, row)
            rows.append(row)
            print(json.dumps(row), flush=True)
    one, two = (
        statistics.median(row["seconds"] for row in rows if row["num_workers"] == count)
        for count in NUM_WORKERS
    )
    print(json.dumps({"one_s": one, "two_s": two, "ratio": round(one / two, 3)}))


def measured(pictures: pathlib.Path, out: pathlib.Path, num_workers: int) -> dict[str, Any]:
    """Seconds that so many workers take, and those until they are ready."""
    paths = sorted(map(str, pictures.iterdir()))
    started = time.perf_counter()
    with connected(LOCAL, workers=num_workers, threads=1) as cluster:
        encode_all(cluster, paths[: NUM_WARM * num_workers], out / "warm")
        ready = time.perf_counter()
        num_done = encode_all(cluster, paths, out / "all")
        seconds = time.perf_counter() - ready
    if num_done != len(paths):
        raise SystemExit(f"{len(paths) - num_done} of {len(paths)} pictures failed")
    return {
        "num_workers": num_workers,
        "num_pictures": len(paths),
        "width": SIZE[0],
        "height": SIZE[1],
        "effort": EFFORT,
        "seconds": round(seconds, 3),
        "start_s": round(ready - started, 3),
    }


def encode_all(cluster: Cluster, paths: list[str], out: pathlib.Path) -> int:
    """Encodes files into a folder; the number of results."""
    arguments = {"codec": "tiled-dct", "effort": EFFORT, "num_threads": cluster.threads}
    out.mkdir(parents=True)
    plan = make_plan([Picture(path, path) for path in paths], str(out), ".ovt")
    encoding = Encoding(arguments, False, DEFAULT_MAX_PIXELS, None)
    with opened_manifest(str(out / "manifest.jsonl"), {}) as manifest:
        outlook = look_out(plan, manifest, "fail")
        run(cluster, plan, outlook, encoding, manifest, lambda _: None)
        manifest.end()
    return len(manifest.done)


if __name__ == "__main__":
    main()
