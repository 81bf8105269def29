"""`experiments/gpu.sh`: checks the machine, then runs the stages, each within its time.

Each stage is a program of its own, `python -m experiments.gpu.needs STAGE`, which writes what it
finds as it finds it; one that fails or is cut off leaves the others and what it has written.
"""

import argparse
import json
import os
import subprocess
import sys
import time

from experiments.gpu.needs import KERNELS_FOLDER, SITE_FOLDER, build_kernels, install_missing
from experiments.gpu.stage import add_common, common_of

# Name to seconds; a stage that ends early leaves its rest to those after it.
STAGES = {
    "data": 60,
    "equality": 45,
    "speed": 65,
    "pictures": 40,
    "large": 50,
    "train": 140,
    "distances": 70,
}
OPTIONAL = {"thesis": 210}  # trains the thesis's generator by its schedule, in this time
RESERVE_S = 10.0  # for the end of a stage that is told to stop
TOTAL_S = 480.0


def main() -> None:
    """Parse, check, run the stages in their order; the exit code is 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="experiments/gpu.sh", description="Measures and trains on a GPU; writes into $OUT."
    )
    add_common(parser)
    parser.add_argument("--stage", action="append", choices=[*STAGES, *OPTIONAL])
    parser.add_argument("--seconds", type=float, default=TOTAL_S, help="for everything")
    arguments = parser.parse_args()
    if arguments.out is None:
        raise SystemExit("gpu: where do results go? set OUT=FOLDER or give --out FOLDER")
    started = time.monotonic()
    for folder in (arguments.out, arguments.work):
        folder.mkdir(parents=True, exist_ok=True)
    prepare(arguments)
    chosen = {name: (STAGES | OPTIONAL)[name] for name in arguments.stage or STAGES}
    unit = min(1.0, (arguments.seconds - RESERVE_S) / sum(chosen.values()))
    failed = []
    for number, name in enumerate(chosen):
        later = sum([*chosen.values()][number + 1 :]) * unit
        left = started + arguments.seconds - RESERVE_S - later - time.monotonic()
        if not run_stage(name, left, arguments):
            failed.append(name)
    seconds = round(time.monotonic() - started, 1)
    print(json.dumps({"suite": "gpu", "seconds": seconds, "failed": failed}))
    sys.exit(1 if failed else 0)


def prepare(arguments: argparse.Namespace) -> None:
    """Packages, the card, the native kernels; ends with a line for each thing that is missing."""
    problems = install_missing(arguments.pack, arguments.work)
    if not problems:
        problems = card_problems(arguments.device)
    if problems:
        raise SystemExit("\n".join(f"gpu: {problem}" for problem in problems))
    sys.path.append(str(arguments.work / SITE_FOLDER))
    note = build_kernels(arguments.work)
    if note is not None:
        print(f"gpu: {note}")


def card_problems(device: str) -> list[str]:
    """What is wrong with the device; it is asked in a process of its own, as stages are run."""
    if device == "cpu":
        return []
    code = "import torch; raise SystemExit(0 if torch.cuda.is_available() else 3)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    if done.returncode == 0:
        return []
    return ["PyTorch finds no CUDA card here (nvidia-smi shows it?); --device cpu tries without"]


def run_stage(name: str, seconds: float, arguments: argparse.Namespace) -> bool:
    """Runs a stage, which is told to stop when its time is over, and then stopped."""
    if seconds < 1:
        print(f"gpu: no time is left for {name}")
        return False
    print(f"gpu: {name}, {seconds:.0f} s", flush=True)
    module = "train" if name == "thesis" else name
    command = [sys.executable, "-m", "experiments.gpu.needs", module, *common_of(arguments)]
    command += ["--seconds", f"{seconds:.1f}"]
    command += ["--thesis"] if name == "thesis" else []
    site, kernels = arguments.work / SITE_FOLDER, arguments.work / KERNELS_FOLDER
    path = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(site)])
    environment = os.environ | {"PYTHONPATH": path, "OVERTONE_GPU_KERNELS": str(kernels)}
    with subprocess.Popen(command, env=environment) as process:
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                process.wait(RESERVE_S / 2)
            except subprocess.TimeoutExpired:
                process.kill()
            print(f"gpu: {name} was stopped after {seconds:.0f} s; what it wrote stays")
            return False
    if code != 0:
        print(f"gpu: {name} ended with code {code}")
    return code == 0


if __name__ == "__main__":
    main()
