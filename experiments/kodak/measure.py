"""Rows of a folder of pictures: every codec over its own range of rates.

    python -m experiments.kodak.measure path/to/kodak
    python -m experiments.kodak.measure path/to/kodak --codecs tiled-dct,sparse-dct

Rows go to experiments/kodak/rows/, a file for each codec. Rows that the same code has already
measured are skipped, so an interrupted run goes on where it stopped. Prints the table of `python -m
overtone.evaluate.rate_distortion.table`; the last line is JSON.
"""

import argparse
import json
import pathlib

from experiments.kodak.tables import KODAK
from overtone.cli.progress import run_with_bar
from overtone.evaluate.rate_distortion.rows import current_rows, read_rows
from overtone.evaluate.rate_distortion.run import Setting, load_sample, plan
from overtone.evaluate.rate_distortion.table import markdown_table, summaries

# About 0.05 to 1.6 bpp each; JPEG begins where its dial does.
QUALITIES = {
    "jpeg": (1, 3, 5, 7, 9, 12, 16, 20, 25, 30, 40, 50, 60, 70, 80, 87),
    "webp": (1, 3, 6, 10, 15, 20, 30, 40, 50, 60, 70, 78, 84, 89),
    "avif": (4, 8, 12, 17, 22, 27, 32, 38, 45, 52, 60, 68, 75),
    "jpeg2000": (5, 10, 14, 18, 25, 31, 38, 44, 50, 57, 62, 66, 70),
    "tiled-dct": (10, 16, 22, 28, 34, 40, 46, 53),
    "dfm": (20, 40, 60, 80),
    "sparse-dct": (3, 5, 9, 16, 25, 40, 60, 75, 87),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="PNG pictures")
    parser.add_argument("--only", help="comma-separated names of pictures; all by default")
    parser.add_argument("--suite", default="kodak-dev", help="name of the set of pictures")
    parser.add_argument("--codecs", default="jpeg,webp,avif,jpeg2000", help="comma-separated")
    parser.add_argument("--qualities", help="comma-separated, instead of the codec's own list")
    parser.add_argument("--effort", default="default", choices=["fast", "default", "best"])
    parser.add_argument("--preset", help="preset of the codec")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--force", action="store_true", help="measure again what is known")
    parser.add_argument(
        "--out", type=pathlib.Path, default=KODAK, help=f"folder; {KODAK} by default"
    )
    arguments = parser.parse_args()

    paths = sorted(arguments.folder.glob("*.png"))
    names = arguments.only.split(",") if arguments.only else [path.stem for path in paths]
    samples = [load_sample(path) for path in paths if path.stem in names]
    if not samples:
        parser.error(f"no such PNG pictures in {arguments.folder}")
    out = arguments.out
    settings = [
        Setting(
            codec=codec,
            quality=float(quality),
            effort=arguments.effort,
            preset=arguments.preset,
            num_threads=arguments.threads,
        )
        for codec in arguments.codecs.split(",")
        for quality in (arguments.qualities.split(",") if arguments.qualities else QUALITIES[codec])
    ]
    jobs = plan(samples, settings, out, force=arguments.force)
    for _ in run_with_bar(jobs, suite=arguments.suite):
        pass
    found = summaries(current_rows(read_rows(out)))
    print(markdown_table(found))
    print(json.dumps([summary.to_dict() for summary in found]))


if __name__ == "__main__":
    main()
