"""How fast two wheels decode one picture: the same package built by two compilers, perhaps.

    python tools/compare_wheels.py ONE.whl OTHER.whl [--picture examples/coffee.png] [--rounds 10]

The wheels take turns, so that what else the machine does hits both; each round is a process that
decodes the picture several times with one thread, and its fastest counts. For each codec the median
of the rounds is printed.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).parent.parent
ENCODE = """
import sys, numpy as np, overtone
from PIL import Image
image = np.asarray(Image.open(sys.argv[1]).convert("RGB"))
open(sys.argv[2], "wb").write(overtone.encode(image, codec=sys.argv[3], quality=30))
"""
DECODE = """
import sys, time, overtone
assert overtone.__file__.startswith(sys.path[1]), overtone.__file__
data = open(sys.argv[1], "rb").read()
times = []
for _ in range(int(sys.argv[2]) + 1):
    start = time.process_time()
    overtone.decode(data)
    times.append(time.process_time() - start)
print(1000 * min(times[1:]))
"""


def main() -> None:
    """Reads the arguments, unpacks, measures, prints a line for each pair."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("wheels", nargs=2, type=pathlib.Path)
    parser.add_argument("--picture", type=pathlib.Path, default=ROOT / "examples" / "coffee.png")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=5, help="decodings of a round")
    parser.add_argument("--codecs", nargs="+", default=["tiled-dct", "sparse-dct"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folders = [pathlib.Path(name, label) for label in ("one", "other")]
        for folder, wheel in zip(folders, arguments.wheels, strict=True):
            zipfile.ZipFile(wheel).extractall(folder)
        for codec in arguments.codecs:
            file = pathlib.Path(name, f"{codec}.ovt")
            run(folders[0], ENCODE, str(arguments.picture.resolve()), str(file), codec)
            times: list[list[float]] = [[], []]
            for _ in range(arguments.rounds):
                for folder, found in zip(folders, times, strict=True):
                    found.append(float(run(folder, DECODE, str(file), str(arguments.repeats))))
            one, other = map(statistics.median, times)
            change = 100 * (other / one - 1)
            print(f"{codec}: {one:.1f} ms and {other:.1f} ms, {change:+.1f} %", flush=True)


def run(package: pathlib.Path, code: str, *words: str) -> str:
    """What a program prints that finds `overtone` in that folder."""
    # Without `site`, which would put the package of a checkout first.
    path = os.pathsep.join([str(package), sysconfig.get_path("platlib")])
    variables = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, *words],
        cwd=package, env=variables, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    main()
