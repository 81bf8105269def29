"""Is a picture lost or done twice when a worker or the program itself is killed at any time?

    python -m experiments.cluster.kills --out experiments/cluster/rows/kills.jsonl

Pictures of 192x128 pixels, cut from photographs, are encoded by `overtone encode --cluster local`
with two workers: once undisturbed, then again and again with a process killed by SIGKILL at a
moment that a seed chooses: a worker that is at work, or the program itself, which is started once
more after that. The results are compared with the undisturbed ones byte by byte. Rows that are
there are kept, so a run can be resumed.
"""

import argparse
import dataclasses
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Any

from experiments.cluster.crops import write_crops
from experiments.cluster.manifests import Account, account_of, results_in
from experiments.cluster.processes import kill, workers_below
from experiments.harness.records import append_record
from overtone.evaluate.provenance import provenance

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
KINDS = ("worker", "driver")
PATIENCE_S = 120.0  # a run that does not begin by then has failed
LONGEST_DELAY_S = 0.2  # after so many pictures have been done, to hit any part of the work


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """How the program is called.

    Attributes:
        pictures: Folder to encode.
        address: That of the cluster.
        owner: Process that the workers descend from; None if it is the program.
    """

    pictures: pathlib.Path
    address: str = "local"
    owner: int | None = None

    def start(self, out: pathlib.Path) -> "subprocess.Popen[bytes]":
        """The program at work, with its results going to a folder."""
        words = [
            *(sys.executable, "-m", "overtone.cli.main", "encode", str(self.pictures)),
            *("-o", str(out), "--cluster", self.address, "--workers", "2", "--effort", "fast"),
        ]
        return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def run(self, out: pathlib.Path) -> tuple[int, str]:
        """Its exit code and what it says, once it has ended."""
        process = self.start(out)
        said = process.communicate()[1]
        return process.returncode, said.decode()


def main() -> None:
    """Parses the command line, measures what is missing, prints each row."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--photos", type=pathlib.Path, default=EXAMPLES, help="folder")
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--times", type=int, default=10, help="kills of each kind")
    arguments = parser.parse_args()
    known = arguments.out.read_text("utf-8").splitlines() if arguments.out.exists() else []
    done = {(row["killed"], row["seed"], row["num_pictures"]) for row in map(json.loads, known)}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_crops(arguments.photos, folder / "pictures", arguments.pictures, seed=0)
        command = Command(folder / "pictures")
        code, said = command.run(folder / "undisturbed")
        if code:
            raise SystemExit(f"the undisturbed run failed: {said}")
        wanted = results_in(folder / "undisturbed")
        for seed in range(arguments.times):
            for kind in KINDS:
                if (kind, seed, arguments.pictures) not in done:
                    row = trial(command, folder / "out", wanted, kind, seed)
                    append_record(arguments.out, row)
                    print(json.dumps(row), flush=True)


def trial(
    command: Command, out: pathlib.Path, wanted: dict[str, bytes], kind: str, seed: int
) -> dict[str, Any]:
    """One run with one kill, and what came of it.

    Args:
        command: The program.
        out: Folder of its results, which is taken away first.
        wanted: Results of an undisturbed run.
        kind: What is killed.
        seed: Chooses when, and which worker.
    """
    shutil.rmtree(out, ignore_errors=True)
    rng = random.Random(f"{kind} {seed}")
    num_before = rng.randrange(len(wanted) * 3 // 4)
    process = command.start(out)
    root = process.pid if command.owner is None else command.owner
    before = _killed(process, out, kind, num_before, rng, root)
    said = process.communicate()[1].decode()
    if kind == "driver":
        code, said = command.run(out)
    else:
        code = process.returncode
    if code:
        raise SystemExit(f"{kind} {seed}: the run did not recover: {said}")
    return {
        "killed": kind,
        "seed": seed,
        "num_pictures": len(wanted),
        "num_done_before": len(before.done),
        "num_in_flight": len(before.in_flight),
        **_counted(account_of(out / "manifest.jsonl"), before, results_in(out), wanted),
        **provenance(),
    }


def _killed(
    process: "subprocess.Popen[bytes]",
    out: pathlib.Path,
    kind: str,
    num_before: int,
    rng: random.Random,
    root: int,
) -> Account:
    """Kills when so many pictures are done and a moment more has passed; how things stood then."""
    manifest = out / "manifest.jsonl"
    deadline = time.monotonic() + PATIENCE_S
    delay_s = rng.uniform(0, LONGEST_DELAY_S)
    while process.poll() is None and time.monotonic() < deadline:
        account = account_of(manifest)
        if account.begun and len(account.done) >= num_before:
            time.sleep(delay_s)
            at_work = workers_below(root) if kind == "worker" else [process.pid]
            if at_work and kill(rng.choice(at_work)):
                # Of a program that is killed nothing more comes; a worker's place is taken at once.
                return account_of(manifest) if kind == "driver" else account
        time.sleep(0.005)
    raise SystemExit(f"nothing was killed: the {kind} was not at work when it should have been")


def _counted(
    after: Account, before: Account, results: dict[str, bytes], wanted: dict[str, bytes]
) -> dict[str, int]:
    """How many pictures were lost, doubled, repeated, or are not what they should be."""
    repeated = {source for source, times in after.begun.items() if times > 1}
    return {
        "num_lost": len(wanted.keys() - results.keys()),
        "num_surplus": len(results.keys() - wanted.keys()),
        "num_doubled": sum(times > 1 for times in after.done.values()),
        "num_differing": sum(
            results[name] != data for name, data in wanted.items() if name in results
        ),
        "num_repeated": len(repeated),
        "num_repeated_in_vain": len(repeated & set(before.done)),
    }


if __name__ == "__main__":
    main()
