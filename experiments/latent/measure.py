"""Files of the codec `dfm-latent`: what each costs, how good it is, and what its beginnings show.

    python -m experiments.latent.measure path/to/kodak --efforts fast,default
    python -m experiments.latent.measure path/to/kodak --variants trunks --limit 4

Every row is of a file that was written and decoded again. Rows go to
experiments/latent/rows/files.jsonl, one when its file is done; what has a row is skipped, so the
same command goes on where it was stopped. Rows of the codec as it is are written to
experiments/kodak/rows/dfm-latent.jsonl as well, for the table of README.md. The last line is JSON.
"""

import argparse
import dataclasses
import datetime
import json
import math
import pathlib
import statistics
import sys
from collections.abc import Sequence
from typing import Any

from experiments.harness.records import append_record, write_records
from experiments.harness.rows import Record
from experiments.latent.judge import ENCODE_S
from experiments.latent.rows import CODEC, FILES, QUALITIES, STANDARD, read_files
from experiments.latent.variants import VARIANTS, variants_named
from overtone.cli.interrupts import watch
from overtone.cli.progress import progress_bar
from overtone.codecs.base import Effort, EncodeOptions, ProgressCallback, ProgressiveCodec
from overtone.codecs.dfm_latent.config import rd_weight
from overtone.codecs.registry import decode, get_codec
from overtone.errors import BitstreamError, ConfigError, OvertoneError
from overtone.evaluate.provenance import commit
from overtone.evaluate.rate_distortion.match import encode_once
from overtone.evaluate.rate_distortion.rows import Row, image_hash
from overtone.evaluate.rate_distortion.run import Sample, Setting, load_sample, score, warm_up
from overtone.metrics.psnr import psnr_db

SUITE = "kodak-dev"
README_ROWS = pathlib.Path("experiments/kodak/rows/dfm-latent.jsonl")
SHARES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of a file, received
EXIT_STOPPED = 130


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """A file to be written."""

    sample: Sample
    codec: str
    variant: str
    effort: Effort
    quality: float
    seed: int

    def options(self, num_threads: int, progress: ProgressCallback | None = None) -> EncodeOptions:
        """What the codec is told."""
        variant = VARIANTS[self.variant]
        return EncodeOptions(
            quality=self.quality,
            effort=self.effort,
            preset=variant.preset,
            settings=variant.settings,
            seed=self.seed,
            num_threads=num_threads,
            progress=progress,
        )

    def identity(self) -> tuple[object, ...]:
        """What a row of it says that it is of."""
        variant = VARIANTS[self.variant]
        return (
            image_hash(self.sample.image),
            *(self.codec, self.variant, self.effort, self.quality, self.seed),
            *(variant.preset, json.dumps(dict(variant.settings), sort_keys=True)),
        )

    def __str__(self) -> str:
        return f"{self.sample.name} {self.effort} {self.variant} quality {self.quality:g}"


def main(words: Sequence[str] | None = None) -> int:
    """Measures what has no row yet; the exit code."""
    arguments = parsed(words)
    watch()
    paths = chosen(sorted(arguments.folder.glob("*.png")), arguments.pictures, arguments.limit)
    if not paths:
        raise SystemExit(f"no such .png files in {arguments.folder}; name a folder of pictures")
    root = arguments.root
    try:
        known = read_files(root, arguments.codec)
        jobs = pending(planned([load_sample(path) for path in paths], arguments), known, arguments)
        for job in jobs:  # what cannot be followed is named before anything is measured
            get_codec(job.codec).check(job.options(arguments.threads))
        failures = run_all(jobs, root, arguments.threads)
    except ConfigError as error:
        raise SystemExit(str(error)) from error
    except KeyboardInterrupt:
        print("stopped; the same command goes on here", file=sys.stderr)
        return EXIT_STOPPED
    num_rows = len(read_files(root, arguments.codec))
    print(json.dumps({"measured": len(jobs) - len(failures), "rows": num_rows, "failed": failures}))
    return 1 if failures else 0


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="PNG pictures")
    parser.add_argument("--efforts", type=split, default=["fast", "default"], help="with commas")
    parser.add_argument(
        "--qualities",
        type=lambda text: [float(word) for word in split(text)],
        default=[*QUALITIES],
        help="with commas; those of five weights of the rate by default",
    )
    parser.add_argument(
        "--variants", type=split, default=[STANDARD], help="names or groups, with commas; or all"
    )
    parser.add_argument("--pictures", type=split, default=[], help="names, with commas")
    parser.add_argument("--limit", type=int, help="so many pictures, evenly out of the folder")
    parser.add_argument("--seeds", type=lambda t: [int(w) for w in split(t)], default=[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--codec", default=CODEC, help="another one, to try this with")
    parser.add_argument(
        "--newest", action="store_true", help="measure again what another commit has measured"
    )
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(), help="checkout")
    arguments = parser.parse_args(words)
    for effort in arguments.efforts:
        if effort not in ENCODE_S:
            parser.error(f"no effort {effort}; there are {', '.join(ENCODE_S)}")
    return arguments


def split(text: str) -> list[str]:
    """Words between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def chosen(
    paths: Sequence[pathlib.Path], names: Sequence[str], limit: int | None
) -> list[pathlib.Path]:
    """Those of these names, or all; of them at most so many, evenly spread."""
    found = [path for path in paths if not names or path.stem in names]
    count = len(found) if limit is None else min(limit, len(found))
    return [found[i * len(found) // count] for i in range(count)]


def planned(samples: Sequence[Sample], arguments: argparse.Namespace) -> list[Job]:
    """All files, pictures innermost, so that an early look compares whole sets."""
    return [
        Job(sample, arguments.codec, variant, effort, quality, seed)
        for effort in arguments.efforts
        for seed in arguments.seeds
        for variant in variants_named(arguments.variants)
        for quality in arguments.qualities
        for sample in samples
    ]


def pending(
    jobs: Sequence[Job], known: Sequence[Record], arguments: argparse.Namespace
) -> list[Job]:
    """Those without a row; with `--newest`, without one of this commit."""
    done = {
        (
            row["image_hash"],
            *(row["codec"], row["variant"], row["effort"], row["quality"], row["seed"]),
            *(row["preset"], json.dumps(row["settings"], sort_keys=True)),
        )
        for row in known
        if not arguments.newest or row["commit"] == commit()
    }
    return [job for job in jobs if job.identity() not in done]


def run_all(jobs: Sequence[Job], root: pathlib.Path, num_threads: int) -> list[str]:
    """Measures one after the other; those that failed, with the reason."""
    failures: list[str] = []
    if jobs:
        warm_up(Setting(codec=jobs[0].codec, quality=50.0, num_threads=num_threads))
    for number, job in enumerate(jobs):
        told = estimate(jobs[number:], read_files(root, job.codec))
        print(f"{number + 1}/{len(jobs)} {job}; {told}", file=sys.stderr, flush=True)
        try:
            with progress_bar(str(job)) as progress:
                row = measured(job, num_threads, progress)
        except (OvertoneError, MemoryError) as error:
            failures.append(f"{job}: {error}")
            print(f"  failed: {error}", file=sys.stderr, flush=True)
            continue
        append_record(root / FILES, row)
        if (job.codec, job.variant) == (CODEC, STANDARD):
            write_readme_rows(root)
        print(
            f"  {row['size_bytes']} bytes, {row['rate_bpp']:.4f} bpp, {row['psnr_db']:.2f} dB, "
            f"cost {row['cost']:.4f}, {row['encode_s']:.1f} s, {1000 * row['decode_s']:.0f} ms",
            file=sys.stderr,
            flush=True,
        )
    return failures


def estimate(jobs: Sequence[Job], rows: Sequence[Record]) -> str:
    """When these will be done, by what such files have taken; by the effort's limit before."""
    seconds = 0.0
    for effort, limit_s in ENCODE_S.items():
        taken = [row["encode_s"] for row in rows if row["effort"] == effort]
        each = statistics.fmean(taken) if taken else limit_s
        seconds += sum(job.effort == effort for job in jobs) * (each + 2)  # scoring takes two
    end = datetime.datetime.now() + datetime.timedelta(seconds=seconds)
    return f"about {seconds / 60:.0f} min left, done at {end:%a %H:%M}"


def measured(job: Job, num_threads: int, progress: ProgressCallback | None = None) -> Record:
    """The row of a file: it is written, decoded whole and in part, and scored."""
    codec = get_codec(job.codec)
    attempt = encode_once(codec, job.sample.image, job.options(num_threads, progress))
    variant = VARIANTS[job.variant]
    setting = Setting(
        codec=job.codec,
        quality=job.quality,
        preset=variant.preset,
        effort=job.effort,
        seed=job.seed,
        num_threads=num_threads,
    )
    row = score(job.sample, setting, attempt, suite=SUITE).row
    weight = rd_weight(job.quality)
    cost = 10 ** (-row.psnr_db / 10) + weight * row.rate_bpp
    return {
        **json.loads(row.to_json()),
        "variant": job.variant,
        "settings": dict(variant.settings),
        "rd_weight": float(f"{weight:.6g}"),
        "cost": round(1000 * cost, 6),
        "described": codec.describe(codec.open(attempt.data), full=False),
        "prefixes": prefixes(job, attempt.data, num_threads),
    }


def prefixes(job: Job, data: bytes, num_threads: int) -> list[list[float | None]]:
    """Shares of a file with the PSNR of what they show, dB; None where that is nothing."""
    found: list[list[float | None]] = []
    if not isinstance(get_codec(job.codec), ProgressiveCodec):
        return found
    for share in SHARES:
        try:
            shown = decode(data, max_bytes=math.ceil(share * len(data)), num_threads=num_threads)
        except BitstreamError:
            found.append([share, None])
            continue
        psnr = psnr_db(reference=job.sample.image, reconstruction=shown)
        found.append([share, round(psnr, 4)])
    return found


def write_readme_rows(root: pathlib.Path) -> None:
    """The rows of the codec as it is, as those of other codecs are kept."""
    write_records(root / README_ROWS, readme_rows(root))


def readme_rows(root: pathlib.Path) -> list[dict[str, Any]]:
    """What `README_ROWS` holds."""
    names = [field.name for field in dataclasses.fields(Row) if field.name != "other_scores"]
    rows = [row for row in read_files(root) if row["variant"] == STANDARD]
    return [{name: row[name] for name in names} for row in rows]


if __name__ == "__main__":
    sys.exit(main())
