"""Time libovt on files: milliseconds of the whole picture, for each instruction set.

python tools/time_decoder.py FILE... [--repeats N]
"""

import argparse
import pathlib
import statistics
import time

from overtone.bitstream.container import read_header
from overtone.codecs.library import context_of
from overtone.kernels import ovt
from overtone.kernels.fourier import Isa, supported_isas


def seconds(data: bytes, num_threads: int, isa: Isa) -> tuple[float, float]:
    """Elapsed time and time of processors that decoding takes once."""
    header = read_header(data)
    file = ovt.File(data, context_of(header.codec_id))
    size = (header.width, header.height)
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in file.strips((0, 0, *size), size, num_threads=num_threads, isa=isa):
        pass
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Prints a line for each file, instruction set and number of threads."""
    parser = argparse.ArgumentParser(description="Time libovt on files.")
    parser.add_argument("files", type=pathlib.Path, nargs="+")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    for path in arguments.files:
        data = path.read_bytes()
        for isa in supported_isas():
            for num_threads in (1, 2):
                times = [seconds(data, num_threads, isa) for _ in range(arguments.repeats)]
                wall, cpu = (1e3 * statistics.median(each) for each in zip(*times, strict=True))
                print(f"{path} {isa} {num_threads} threads: {wall:.1f} ms, {cpu:.1f} core-ms")


if __name__ == "__main__":
    main()
