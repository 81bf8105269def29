"""What does the notch find and spare, and do borders suffer from the DCT or the DFT?

    python -m experiments.notch.measure path/to/kodak
    python -m experiments.notch.measure --page

Three things, on every picture of the folder. False alarms: patterns found in the picture as it is,
by threshold. Detection: sinusoids of four frequencies and dark lines of three periods laid over it,
by strength, and the PSNR to the picture before and after (with lines: to the picture dimmed by
their mean). Borders: how much more the low-passed picture differs from the picture near the borders
than inside. Rows go to experiments/notch/rows/notch.jsonl; --page writes the tables in
docs/design/editing.md; the last line is JSON.
"""

import argparse
import json
import math
import pathlib
import statistics
import time
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import overtone
from experiments.harness.rebuild import rebuild
from experiments.harness.records import write_records
from experiments.notch.tables import ROWS, borders, dark_lines, false_alarms, sinusoids
from overtone import metrics
from overtone.cli.progress import progress_bar
from overtone.editing.basis import Domain
from overtone.editing.notch import MIN_AMPLITUDE, THRESHOLD_DB, remove_patterns
from overtone.editing.peaks import Surroundings, find_peaks, overtones, windowed_power
from overtone.evaluate.provenance import provenance
from overtone.imaging.image import read_picture, to_uint8

THRESHOLDS_DB = (10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 24.0)
CYCLES = (24, 60, 150, 300)
AMPLITUDES = (1, 2, 4, 8, 16)
PERIODS_PX = (2, 3, 4)
DEPTHS = (0.05, 0.1, 0.2, 0.4)
BORDER_PX = 8
LOW_PASS = "0-20"


def main() -> None:
    """Parses the command line, measures, writes."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path, help="PNG pictures")
    parser.add_argument("--page", action="store_true", help="write the tables from the rows")
    arguments = parser.parse_args()
    if arguments.folder:
        paths = sorted(arguments.folder.glob("*.png"))
        rows = []
        with progress_bar("notch") as progress:
            for number, path in enumerate(paths, 1):
                rows += list(measured(path))
                if progress is not None:
                    progress(number / len(paths), path.stem)
        write_records(ROWS, rows)
    if arguments.page:
        rebuild(["tables"])
    root = pathlib.Path()
    for table in (false_alarms, sinusoids, dark_lines, borders):
        print(table(root), end="\n\n")
    rows = [json.loads(line) for line in ROWS.read_text("utf-8").splitlines()]
    print(json.dumps(summary(rows)))


def measured(path: pathlib.Path) -> Iterator[dict[str, Any]]:
    """The rows of one picture."""
    image = read_picture(str(path)).pixels
    about = {"suite": "notch", "image": path.stem}
    rows = [
        faint_row(image),
        *alarm_rows(image),
        *sinusoid_rows(image, path.stem),
        *line_rows(image),
        *border_rows(image),
    ]
    for row in rows:
        yield about | row | provenance()


def faint_row(image: np.ndarray) -> dict[str, Any]:
    """The strongest pattern weaker than those that are looked for."""
    power = windowed_power(image.transpose(2, 0, 1).astype(np.float64))
    around = Surroundings.of(power)
    assert around is not None
    found = find_peaks(
        power, around, threshold_db=THRESHOLD_DB, min_amplitude=0.0, expected=overtones([], 1)
    )
    height, width = power.shape
    amplitudes = []
    for peak in found:
        row = round(peak.cycles_y * height / max(height, width)) % height
        column = round(peak.cycles_x * width / max(height, width)) % width
        amplitudes.append(math.sqrt(power[row, column]))
    amplitudes = [each for each in amplitudes if each < 255 * MIN_AMPLITUDE]
    return {"what": "faint", "num_found": len(amplitudes), "largest": max(amplitudes, default=0.0)}


def alarm_rows(image: np.ndarray) -> Iterator[dict[str, Any]]:
    for threshold_db in THRESHOLDS_DB:
        found = []
        started = time.perf_counter()
        after = overtone.edit(
            image, notch=True, notch_threshold_db=threshold_db, found=found.extend
        )
        yield {
            "what": "false alarms",
            "threshold_db": threshold_db,
            "num_found": len(found),
            "psnr_db": psnr_db(image, after),
            "notch_s": round(time.perf_counter() - started, 3),
        }


def sinusoid_rows(image: np.ndarray, name: str) -> Iterator[dict[str, Any]]:
    """Directions and phases are random, the same in every run."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width] / max(height, width)
    for cycles in CYCLES:
        angle, phase = rng.uniform(0, math.pi), rng.uniform(0, 2 * math.pi)
        place = np.array([cycles * math.cos(angle), cycles * math.sin(angle)])
        wave = np.cos(2 * math.pi * (place[0] * x + place[1] * y) + phase)[..., None]
        for amplitude in AMPLITUDES:
            marred = to_uint8(image + amplitude * wave)
            row = taken_out(image, marred, [place, -place])
            yield {"what": "sinusoids", "cycles": cycles, "amplitude": amplitude} | row


def line_rows(image: np.ndarray) -> Iterator[dict[str, Any]]:
    """Every second, third or fourth row is darker by a share of its level."""
    longest = max(image.shape)
    for period_px in PERIODS_PX:
        place = np.array([0, longest / period_px])
        for depth in DEPTHS:
            dark = np.where(np.arange(len(image)) % period_px == 0, 1 - depth, 1)[:, None, None]
            marred, dimmed = to_uint8(image * dark), to_uint8(image * (1 - depth / period_px))
            row = taken_out(dimmed, marred, [place, -place])
            yield {"what": "lines", "period_px": period_px, "depth": depth} | row


def taken_out(
    clean: np.ndarray, marred: np.ndarray, places: list[np.ndarray]
) -> dict[str, float | None]:
    planes, found = remove_patterns(marred.transpose(2, 0, 1).astype(np.float64))
    after = to_uint8(planes.transpose(1, 2, 0))
    positions = [np.array([each.cycles_x, each.cycles_y]) for each in found]
    near = [bool(min(np.abs(p - place).max() for place in places) < 1) for p in positions]
    return {
        "is_found": any(near),
        "num_others": len(found) - sum(near),
        "before_db": psnr_db(clean, marred),
        "after_db": psnr_db(clean, after),
    }


def border_rows(image: np.ndarray) -> Iterator[dict[str, Any]]:
    """Root mean square change of a low-pass in a frame around the picture, and inside.

    The outermost pixels are cut off first: the scans end in a dark line there.
    """
    image = image[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX]
    inside = np.zeros(image.shape[:2], bool)
    inside[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = True
    domains: tuple[Domain, ...] = ("dct", "dft")
    for domain in domains:
        change = overtone.edit(image, keep_bands=[LOW_PASS], domain=domain).astype(float) - image
        frame, middle = (math.sqrt(np.square(change[part]).mean()) for part in (~inside, inside))
        yield {"what": "borders", "domain": domain, "frame": frame, "inside": middle}


def psnr_db(reference: np.ndarray, reconstruction: np.ndarray) -> float | None:
    """None where the pictures are equal, as JSON has no infinity."""
    score = metrics.psnr_db(reference=reference, reconstruction=reconstruction)
    return round(score, 3) if math.isfinite(score) else None


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The numbers at the default threshold."""
    own = [row for row in rows if row.get("threshold_db") == THRESHOLD_DB]
    waves = [row for row in rows if row["what"] == "sinusoids" and row["amplitude"] >= 8]
    return {
        "false_alarms": sum(row["num_found"] > 0 for row in own),
        "pictures": len(own),
        "found_from_amplitude_8": statistics.mean(row["is_found"] for row in waves),
        "notch_s": round(statistics.median(row["notch_s"] for row in own), 3),
    }


if __name__ == "__main__":
    main()
