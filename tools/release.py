"""Builds what is published of a version: `make release`.

    python tools/release.py [--out dist] [--pythons 3.11 '>=3.12']

Into the folder go the source distribution, a wheel for each Python interpreter, the wheel of the
trained models, and SHA256SUMS. Wheels are built from the source distribution, on Linux by the
compiler of the package ziglang against the C library of manylinux_2_28, and checked by auditwheel.

The same commit gives the same bytes on every machine of a kind: what is built is the commit's own
files and not the folder's, dates are those of the commit, versions of tools are pinned, and no
folder's name gets into a binary. `--twice` builds in two folders and compares.
"""

import argparse
import contextlib
import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator, Mapping, Sequence

ROOT = pathlib.Path(__file__).parent.parent
REQUIREMENTS = ROOT / "tools" / "release-requirements.txt"
PYTHONS = ("3.11", ">=3.12")
PLATFORM = f"manylinux_2_28_{platform.machine()}"
MAX_WHEEL_BYTES = 3_000_000


class ReleaseError(Exception):
    """What is in the way of a release, in one line."""


def main() -> int:
    """Reads the arguments, checks, builds; errors are one line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "dist", help="folder to write")
    parser.add_argument("--pythons", nargs="+", default=PYTHONS, help="as `uv --python` takes them")
    parser.add_argument("--twice", action="store_true", help="build twice and compare")
    arguments = parser.parse_args()
    try:
        version = version_of(ROOT)
        check_changelog(version, ROOT / "CHANGELOG.md")
        check_clean(ROOT)
        tools = install_tools(ROOT / "build" / "release-tools")
        with built(tools, arguments.pythons) as folder:
            if arguments.twice:
                with built(tools, arguments.pythons) as other:
                    compare(folder, other)
            replace(arguments.out, folder)
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"release: failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    for line in (arguments.out / "SHA256SUMS").read_text("utf-8").splitlines():
        name = line.split()[1]
        print(f"{arguments.out / name}: {(arguments.out / name).stat().st_size} bytes")
    return 0


def version_of(root: pathlib.Path) -> str:
    """The version, which stands in one place."""
    text = (root / "src" / "overtone" / "__init__.py").read_text("utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    assert found, "src/overtone/__init__.py has no __version__"
    return found[1]


def check_changelog(version: str, path: pathlib.Path) -> None:
    """Refuses a version that the changelog says nothing of."""
    text = path.read_text("utf-8")
    if not re.search(rf"^## {re.escape(version)}(?=[ \n])", text, re.MULTILINE):
        found = re.search(r"^## (.+)$", text, re.MULTILINE)
        newest = found[1] if found else "nothing"
        raise ReleaseError(
            f"expected a heading '## {version}' in {path.name}, found {newest}; write what is new "
            "in this version, or correct the version in src/overtone/__init__.py"
        )


def check_clean(root: pathlib.Path) -> None:
    """Refuses a folder with changes, since a release is of a commit."""
    changed = _output(["git", "status", "--porcelain"], root).splitlines()
    if changed:
        raise ReleaseError(
            f"expected a clean working tree, found {len(changed)} changed files, "
            f"first {changed[0][3:]}; commit or stash them"
        )


def install_tools(folder: pathlib.Path) -> pathlib.Path:
    """The programs of an environment with the pinned tools, which is made where there is none."""
    stamp = folder / "requirements.txt"
    if not stamp.exists() or stamp.read_bytes() != REQUIREMENTS.read_bytes():
        venv.create(folder, with_pip=True, clear=True)
        pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "--quiet", "--requirement", REQUIREMENTS], check=True)
        shutil.copyfile(REQUIREMENTS, stamp)
    return folder / "bin"


@contextlib.contextmanager
def built(tools: pathlib.Path, pythons: Sequence[str]) -> Iterator[pathlib.Path]:
    """A temporary folder with everything that is published of the commit."""
    os.umask(0o022)  # what the modes of packed files come from
    with tempfile.TemporaryDirectory(prefix="overtone-release-") as name:
        tree, out = pathlib.Path(name, "tree"), pathlib.Path(name, "out")
        tree.mkdir()
        archive = subprocess.run(
            ["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
        subprocess.run(["tar", "-x", "-C", tree], input=archive.stdout, check=True)
        build = Build(tree, out, tools, environment(tools, tree))
        build.sdist()
        for python in pythons:
            build.wheel(python)
        build.models()
        write_sums(out)
        yield out


def environment(tools: pathlib.Path, tree: pathlib.Path) -> dict[str, str]:
    """Variables for builds: the commit's date, the compiler, nothing of the user's own settings."""
    dropped = ("CMAKE_", "SKBUILD", "CFLAGS", "CXXFLAGS", "LDFLAGS", "CC", "CXX", "PIP_CONSTRAINT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    kept["PATH"] = f"{tools}:{kept['PATH']}"
    kept["SOURCE_DATE_EPOCH"] = _output(["git", "log", "-1", "--format=%ct"], ROOT).strip()
    kept |= {"LC_ALL": "C.UTF-8", "TZ": "UTC", "CCACHE_DISABLE": "1"}
    if platform.system() == "Linux":
        (zig,) = tools.parent.glob("lib/python*/site-packages/ziglang/zig")
        kept |= {"CXX": str(tree / "tools" / "manylinux_cxx.sh"), "OVERTONE_ZIG": str(zig)}
    return kept


class Build:
    """One build of the files of a commit.

    Attributes:
        tree: The files.
        out: Folder of what was built.
    """

    def __init__(
        self, tree: pathlib.Path, out: pathlib.Path, tools: pathlib.Path, env: Mapping[str, str]
    ) -> None:
        self.tree, self.out = tree, out
        self._tools, self._env = tools, env

    def sdist(self) -> None:
        """Builds the source distribution."""
        self._uv(["--sdist"], self.tree, self.out)

    def wheel(self, python: str) -> None:
        """Builds a wheel from the source distribution and marks what Linux it runs on."""
        (source,) = self.out.glob("*.tar.gz")
        raw = self.out.parent / "raw"
        shutil.rmtree(raw, ignore_errors=True)
        options = ["--wheel", "--config-setting", "cmake.define.OVERTONE_REPRODUCIBLE=ON"]
        self._uv([*options, "--python", python], source, raw)
        (wheel,) = raw.glob("*.whl")
        if platform.system() == "Linux":
            repair = ["auditwheel", "repair", "--plat", PLATFORM, "--only-plat"]
            self._call([*repair, "--wheel-dir", self.out, wheel])
        else:
            shutil.move(wheel, self.out)
        for each in self.out.glob("*.whl"):
            check_wheel(each)

    def models(self) -> None:
        """Builds the wheel of trained models."""
        self._uv(["--wheel"], self.tree / "models", self.out)

    def _uv(self, options: Sequence[str], source: pathlib.Path, out: pathlib.Path) -> None:
        pinned = ["--build-constraint", self.tree / "constraints.txt"]
        self._call(["uv", "build", *options, *pinned, "--out-dir", out, source])
        (out / ".gitignore").unlink(missing_ok=True)

    def _call(self, command: Sequence[str | pathlib.Path]) -> None:
        """Runs a tool; what it says is shown where it fails."""
        words = [str(self._tools / command[0]), *map(str, command[1:])]
        print(f"release: {' '.join(map(str, command))}", flush=True)
        done = subprocess.run(
            words, cwd=self.tree, env=self._env, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            print(done.stdout, file=sys.stderr)
            raise subprocess.CalledProcessError(done.returncode, words)


def check_wheel(path: pathlib.Path) -> None:
    """Refuses a wheel that is too large, or whose modules are not of the ABI in its name."""
    size = path.stat().st_size
    if size > MAX_WHEEL_BYTES:
        raise ReleaseError(f"expected at most {MAX_WHEEL_BYTES} bytes, found {size} in {path.name}")
    names = zipfile.ZipFile(path).namelist()
    modules = [name for name in names if name.endswith((".so", ".pyd"))]
    if not modules:
        raise ReleaseError(f"expected native modules in {path.name}, found none")
    if "-abi3-" in path.name:
        others = [name for name in modules if ".abi3." not in name and name.endswith(".so")]
        if others:
            raise ReleaseError(
                f"expected modules for the stable ABI in {path.name}, found {others[0]}; declare "
                "it by overtone_add_module in its CMakeLists.txt"
            )


def write_sums(folder: pathlib.Path) -> None:
    """Writes SHA256SUMS, which `sha256sum --check` reads."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), "utf-8")


def compare(first: pathlib.Path, second: pathlib.Path) -> None:
    """Refuses two builds whose files differ."""
    one, other = (
        {path.name: path.read_bytes() for path in each.iterdir()} for each in (first, second)
    )
    differing = sorted(
        name for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    )
    if differing:
        raise ReleaseError(f"two builds of one commit differ in {', '.join(differing)}")
    print(f"release: two builds are the same, byte for byte: {len(one)} files")


def replace(target: pathlib.Path, source: pathlib.Path) -> None:
    """Puts a finished build where the one before it was."""
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(source, part)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def _output(command: Sequence[str], folder: pathlib.Path) -> str:
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
