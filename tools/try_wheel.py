"""Installs built wheels in a new environment where no compiler is found, and uses them.

    python tools/try_wheel.py dist [--pythons 3.11 3.13] [--site FOLDER] [--without-models]

pip chooses the wheel of `overtone-image` in the folder that suits the interpreter. What it depends
on comes from the package index, or from a folder of packages that are installed already (`--site`).
Then pictures are encoded, decoded and told about, from the command line, Python and Pillow; the
trained models are asked for before and after their wheel is installed.
"""

import argparse
import dataclasses
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence

COMPILERS = ("cc", "c++", "gcc", "g++", "clang", "clang++", "cmake", "ninja")
# A picture that is not square, smooth with an edge, so that any codec is close to it.
MAKE_PICTURE = """
import numpy as np
from PIL import Image
y, x = np.mgrid[:40, :56]
channels = [128 + 60 * np.sin(x / 9 + k) + 40 * np.cos(y / 7) + 20 * (x > 30) for k in range(3)]
Image.fromarray(np.stack(channels, 2).clip(0, 255).astype(np.uint8)).save("picture.png")
"""
USE_LIBRARY = """
import importlib, io, pathlib
import numpy as np
import overtone
from PIL import Image
folder = pathlib.Path(overtone.__file__).parent
native = sorted(path.name.partition(".")[0] for path in (folder / "kernels").glob("_*.*")
                if path.suffix in (".so", ".pyd"))
assert native, "no native modules"
for name in native:
    importlib.import_module(f"overtone.kernels.{name}")
from overtone.kernels.fourier import supported_isas
told = pathlib.Path("/proc/cpuinfo")
flags = told.read_text().split() if told.exists() else []
for isa, flag in (("avx2", "avx2"), ("avx512", "avx512vl")):
    assert (isa in supported_isas()) == (flag in flags) or not flags, (isa, supported_isas())
image = np.asarray(Image.open("picture.png"))
for data in (overtone.encode(image, quality=60), overtone.encode(image, codec="sparse-dct")):
    decoded = overtone.decode(data)
    assert decoded.shape == (40, 56, 3), decoded.shape
    error = np.square(decoded.astype(float) - image).mean()
    assert error < 40, f"mean squared error {error}"
assert overtone.decode(data, scale=2).shape == (80, 112, 3)
Image.open("picture.png").save("saved.ovt")
with Image.open("saved.ovt") as opened:
    assert (opened.size, opened.format) == ((56, 40), "OVT"), (opened.size, opened.format)
    opened.load()
print("native modules:", *native)
"""
HAS_TORCH = "import importlib.util; print(importlib.util.find_spec('torch') is not None)"


class TrialError(Exception):
    """Something that an installed wheel should do and does not."""


@dataclasses.dataclass(frozen=True)
class Environment:
    """A new environment of one interpreter, without pip and without a compiler on its path.

    Attributes:
        folder: Where it is.
        work: Folder that commands run in.
        pip: A command that runs pip on this environment.
        site: Folder of installed packages that it may use, or None.
    """

    folder: pathlib.Path
    work: pathlib.Path
    pip: Sequence[str]
    site: pathlib.Path | None

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of the environment, which sees no other programs."""
        variables = {"PATH": str(self.folder / "bin"), "HOME": str(self.work), "LC_ALL": "C.UTF-8"}
        variables |= {key: os.environ[key] for key in ("OMP_NUM_THREADS",) if key in os.environ}
        return subprocess.run(
            [self.folder / "bin" / name, *arguments],
            cwd=self.work, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def expect(self, name: str, *arguments: str) -> str:
        """What a program prints, which must succeed."""
        done = self.run(name, *arguments)
        if done.returncode != 0:
            words = " ".join(arguments) if len(arguments[-1]) < 100 else arguments[0]
            raise TrialError(f"{name} {words} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def install(self, wheels: pathlib.Path, name: str, extra: str = "") -> None:
        """Installs a package from a folder of wheels, and what it needs."""
        # Also where `site` has the package, too.
        options = ["--no-index", "--no-deps", "--ignore-installed"]
        self._pip(*options, "--find-links", str(wheels), name)
        if self.site is None:
            self._pip(f"{name}{extra}")

    def _pip(self, *arguments: str) -> None:
        command = [*self.pip, "install", "--quiet", "--only-binary", ":all:", *arguments]
        subprocess.run(command, check=True)


def main() -> int:
    """Tries each interpreter; what fails is one line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("wheels", type=pathlib.Path, help="folder of wheels")
    parser.add_argument("--pythons", nargs="+", default=[sys.executable], help="interpreters")
    parser.add_argument("--site", type=pathlib.Path, help="folder of packages to depend on")
    parser.add_argument("--without-models", action="store_true", help="leave PyTorch out")
    arguments = parser.parse_args()
    for python in arguments.pythons:
        try:
            with tempfile.TemporaryDirectory(prefix="overtone-trial-") as name:
                new = environment(python, pathlib.Path(name), arguments.site)
                try_codecs(new, arguments.wheels)
                if not arguments.without_models:
                    try_models(new, arguments.wheels)
        except TrialError as error:
            print(f"try-wheel: {python}: {error}", file=sys.stderr)
            return 1
        except subprocess.CalledProcessError as error:
            print(f"try-wheel: failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
            return 1
        print(f"try-wheel: {python}: all well")
    return 0


def environment(python: str, folder: pathlib.Path, site: pathlib.Path | None = None) -> Environment:
    """A new environment in an empty folder."""
    work = folder / "work"
    work.mkdir()
    subprocess.run([python, "-m", "venv", "--without-pip", folder / "env"], check=True)
    program = folder / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(program)]
    new = Environment(folder / "env", work, pip, site)
    if site is not None:
        packages = new.expect("python", "-c", "import site; print(site.getsitepackages()[0])")
        # A line of a .pth file adds a folder to the end of the path, after what is installed here.
        pathlib.Path(packages.strip(), "site.pth").write_text(f"{site.resolve()}\n", "utf-8")
    found = [name for name in COMPILERS if (folder / "env" / "bin" / name).exists()]
    if found:
        raise TrialError(f"expected no compiler in the environment, found {found[0]}")
    return new


def try_codecs(new: Environment, wheels: pathlib.Path) -> None:
    """Installs the package itself and uses what it does without PyTorch."""
    new.install(wheels, "overtone-image")
    new.expect("python", "-c", MAKE_PICTURE)
    new.expect("overtone", "encode", "picture.png", "-o", "picture.ovt", "--quality", "40")
    told = new.expect("overtone", "info", "picture.ovt")
    if "tiled-dct" not in told:
        raise TrialError(f"expected the codec tiled-dct in what overtone info tells, found: {told}")
    crop = ["--crop", "3,5,20,10", "--scale", "3"]
    new.expect("overtone", "decode", "picture.ovt", "-o", "part.png", *crop)
    check_size(new, "part.png", (60, 30))
    print(new.expect("python", "-c", USE_LIBRARY).strip())


def try_models(new: Environment, wheels: pathlib.Path) -> None:
    """Draws with a trained model: first without its package, which is one line, then with it."""
    has_torch = new.expect("python", "-c", HAS_TORCH).strip() == "True"
    missing = "overtone-image-models" if has_torch else "'overtone-image[models]'"
    draw = ["sample", "mnist", "-n", "2", "--seed", "1", "-o", "grid.png"]
    done = new.run("overtone", *draw)
    if done.returncode != 1 or not done.stderr.endswith(f"pip install {missing}\n"):
        raise TrialError(f"expected exit code 1 and how to get models, found: {done}")
    if done.stderr.count("\n") != 1:
        raise TrialError(f"expected one line without models, found: {done.stderr}")
    new.install(wheels, "overtone-image-models")
    if not has_torch:
        new.install(wheels, "overtone-image", "[models]")
    if "mnist" not in new.expect("overtone", "list", "models"):
        raise TrialError("overtone list models does not name mnist")
    new.expect("overtone", *draw)
    check_size(new, "grid.png", None)


def check_size(new: Environment, name: str, size: tuple[int, int] | None) -> None:
    """Refuses a picture of another size; None takes any that is there."""
    code = f"from PIL import Image; print(*Image.open({name!r}).size)"
    found = new.expect("python", "-c", code).split()
    if size is not None and found != [str(side) for side in size]:
        raise TrialError(f"expected {name} of {size} pixels, found {found}")


if __name__ == "__main__":
    sys.exit(main())
