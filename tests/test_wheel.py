"""What is published: wheels from the kernels that are built already, and the sources."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email.parser import Parser

import numpy as np
import pytest
from tools.release import MAX_WHEEL_BYTES, check_wheel
from tools.try_wheel import environment, try_codecs, try_models

import overtone
from overtone.models.store import shipped_models

ROOT = pathlib.Path(__file__).parent.parent
SITE = pathlib.Path(np.__file__).parent.parent


def run(*command, folder=ROOT):
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    variables = os.environ | {"PATH": path, "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with both wheels; nothing is compiled that `make setup` has compiled."""
    folder = tmp_path_factory.mktemp("wheels")
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    run("-m", "pip", "wheel", "--quiet", *offline, "--wheel-dir", folder, ROOT, ROOT / "models")
    return folder


def files_below(*folders):
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_the_wheel_has_the_package_and_its_native_modules_and_nothing_else(wheels):
    (path,) = wheels.glob("overtone_image-*.whl")
    check_wheel(path)
    assert path.stat().st_size < MAX_WHEEL_BYTES
    with zipfile.ZipFile(path) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        told = Parser().parsestr(wheel.read(metadata).decode())
    native = {name for name in names if name.endswith((".so", ".pyd"))}
    stubs = {path.stem for path in (ROOT / "src/overtone/kernels").glob("_*.pyi")}
    assert {pathlib.Path(name).name.partition(".")[0] for name in native} >= stubs
    assert names - native == {name.removeprefix("src/") for name in files_below("src/overtone")}
    assert (told["Name"], told["Version"]) == ("overtone-image", overtone.__version__)


def test_the_wheel_of_models_has_every_model(wheels):
    (path,) = wheels.glob("overtone_image_models-*-py3-none-any.whl")
    with zipfile.ZipFile(path) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    folder = files_below("models/overtone_models")
    assert names == {name.removeprefix("models/") for name in folder}
    assert {f"overtone_models/trained/{name}.safetensors" for name in shipped_models()} <= names


def test_wheels_work_where_there_is_no_compiler_with_and_without_models(wheels, tmp_path):
    new = environment(sys.executable, tmp_path, SITE)
    try_codecs(new, wheels)
    try_models(new, wheels)


def test_the_source_distribution_has_what_a_build_needs_and_is_always_the_same(tmp_path):
    top = {"CMakeLists.txt", "CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"}
    packed = []
    for name in ("one", "two"):
        # A copy, since looking through the environment of a checkout takes long.
        tree = tmp_path / name
        for each in ("csrc", "src"):
            no_caches = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / each, tree / each, ignore=no_caches)
        for each in top:
            shutil.copy(ROOT / each, tree)
        for each in ("tests/test_a.py", "docs/a.md", "build/a.o", "models/a.bin", "src/other/a.py"):
            (tree / each).parent.mkdir(exist_ok=True)
            (tree / each).write_text("not for the package")
        build = "from scikit_build_core.build import build_sdist as b; b('dist')"
        run("-c", build, folder=tree)
        (path,) = tree.glob(f"dist/overtone_image-{overtone.__version__}.tar.gz")
        packed.append(path.read_bytes())
    assert packed[0] == packed[1]
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names == top | {"PKG-INFO"} | files_below("csrc", "src/overtone")
