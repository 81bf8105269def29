"""`make release`: what it refuses, its compiler, and that recipes agree with pyproject.toml."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import tomllib
import zipfile

import overtone_models
import pytest
import yaml
from tools import release
from tools.release import ReleaseError, check_changelog, check_clean, check_wheel, compare

import overtone

ROOT = pathlib.Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MODELS_SETTINGS = tomllib.loads((ROOT / "models/pyproject.toml").read_text("utf-8"))
RECIPE = yaml.safe_load((ROOT / "conda/recipe.yaml").read_text("utf-8"))
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))


def test_a_version_without_its_heading_is_refused(tmp_path):
    path = tmp_path / "CHANGELOG.md"
    path.write_text("# Changelog\n\n## 0.3.10 (2026-11-28)\n\n- New.\n\n## 0.3.0\n", "utf-8")
    check_changelog("0.3.10", path)
    check_changelog("0.3.0", path)
    for version in ("0.3.1", "0.3", "1.0.0"):
        found = f"'## {re.escape(version)}' in CHANGELOG.md, found 0.3.10"
        with pytest.raises(ReleaseError, match=found):
            check_changelog(version, path)
    check_changelog(release.version_of(ROOT), ROOT / "CHANGELOG.md")
    assert release.version_of(ROOT) == overtone.__version__


def git(folder, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_a_tree_with_changes_is_refused(tmp_path):
    git(tmp_path, "init")
    (tmp_path / "a.txt").write_text("one")
    with pytest.raises(ReleaseError, match=r"clean working tree, found 1 .* first a\.txt; commit"):
        check_clean(tmp_path)
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-m", "One")
    check_clean(tmp_path)
    (tmp_path / "a.txt").write_text("two")
    with pytest.raises(ReleaseError, match=r"first a\.txt"):
        check_clean(tmp_path)


def wheel_of(folder, name, *members, size=10):
    path = folder / name
    with zipfile.ZipFile(path, "w") as wheel:
        for member in members:
            wheel.writestr(member, bytes(size))
    return path


def test_wheels_that_are_too_large_or_not_what_their_names_say_are_refused(tmp_path):
    stable, own = "a/_x.abi3.so", "a/_x.cpython-313-x86_64-linux-gnu.so"
    check_wheel(wheel_of(tmp_path, "a-1-cp312-abi3-linux_x86_64.whl", stable))
    check_wheel(wheel_of(tmp_path, "a-1-cp311-cp311-linux_x86_64.whl", own))
    with pytest.raises(ReleaseError, match=r"stable ABI .* found a/_x\.cpython-313"):
        check_wheel(wheel_of(tmp_path, "a-1-cp312-abi3-linux_x86_64.whl", stable, own))
    with pytest.raises(ReleaseError, match="expected native modules"):
        check_wheel(wheel_of(tmp_path, "a-1-cp311-cp311-linux_x86_64.whl", "a/__init__.py"))
    with pytest.raises(ReleaseError, match="at most 3000000 bytes, found 30"):
        check_wheel(wheel_of(tmp_path, "a-1-cp312-abi3-linux_x86_64.whl", stable, size=3_000_001))


def test_builds_that_differ_are_told_apart(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "a.whl").write_bytes(b"same")
    compare(first, second)
    (second / "b.whl").write_bytes(b"more")
    (second / "a.whl").write_bytes(b"else")
    with pytest.raises(ReleaseError, match=r"differ in a\.whl, b\.whl"):
        compare(first, second)


def test_a_finished_release_takes_the_place_of_the_one_before(tmp_path):
    made, dist = tmp_path / "made", tmp_path / "dist"
    for folder in (made, dist):
        folder.mkdir()
    (dist / "old.whl").write_bytes(b"old")
    (made / "new.whl").write_bytes(b"new")
    release.write_sums(made)
    release.replace(dist, made)
    assert sorted(path.name for path in dist.iterdir()) == ["SHA256SUMS", "new.whl"]
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=dist, check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-O3", "-c", "a b.cpp"], ["-O3", "-c", "a b.cpp", "-Xclang", "-O3", "-fomit-frame-poi"]),
        (["-O3", "-Os", "-c"], ["-O3", "-Os", "-c"]),
        (["-march=x86-64-v3", "-mtune=generic", "-O2"], ["-march=x86_64_v3", "-O2"]),
    ],
)
def test_the_compiler_of_wheels_gets_what_zig_understands(tmp_path, words, expected):
    zig = tmp_path / "zig"
    zig.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    zig.chmod(0o755)
    done = subprocess.run(
        [ROOT / "tools/manylinux_cxx.sh", *words],
        env={"OVERTONE_ZIG": str(zig), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [word[:15] if word[:5] == "-fomi" else word for word in done.stdout.splitlines()]
    assert found[:2] == ["c++", "-target"]
    assert found[2].endswith("-linux-gnu.2.28")
    assert found[3:] == [word[:15] if word[:5] == "-fomi" else word for word in expected]


def requirements(words):
    """Name to condition, in the spelling of both kinds of packages."""
    split = (re.fullmatch(r"([A-Za-z0-9._-]+) ?(.*)", word) for word in words)
    return {found[1].lower().replace("_", "-"): found[2] for found in split if found}


def test_the_conda_recipe_agrees_with_pyproject():
    codecs, models = RECIPE["outputs"]
    versions = (overtone.__version__, overtone_models.__version__)
    assert (RECIPE["context"]["version"], RECIPE["context"]["models_version"]) == versions
    for output, settings in ((codecs, SETTINGS), (models, MODELS_SETTINGS)):
        project = settings["project"]
        assert output["package"]["name"] == project["name"]
        assert output["about"]["summary"] == project["description"]
        assert output["about"]["license"] == project["license"]
        assert (ROOT / output["about"]["license_file"]).is_file()
        python = {"python": project["requires-python"]}
        needed = requirements(project.get("dependencies", []))
        assert requirements(output["requirements"]["run"]) == python | needed
        host = requirements(output["requirements"]["host"])
        assert host.items() >= (python | requirements(settings["build-system"]["requires"])).items()
    commands = [point.split(" = ") for point in codecs["build"]["python"]["entry_points"]]
    assert dict(commands) == SETTINGS["project"]["scripts"]


def test_the_npm_package_agrees_with_pyproject():
    package = json.loads((ROOT / "js/package.json").read_text("utf-8"))
    assert package["version"] == overtone.__version__
    assert package["license"] == SETTINGS["project"]["license"]
    published = (ROOT / "docs/release.md").read_text("utf-8").partition("## Build it")[0]
    assert f"`{package['name']}-….tgz`" in published


def test_wheels_are_built_and_tried_for_every_python_that_is_promised():
    marked = [
        found[1]
        for name in SETTINGS["project"]["classifiers"]
        if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", name))
    ]
    assert f">={marked[0]}" == SETTINGS["project"]["requires-python"]
    assert WORKFLOW["jobs"]["try"]["strategy"]["matrix"]["python"] == marked
    # One wheel of its own for what is older than the stable ABI, and one for all the others.
    assert SETTINGS["tool"]["scikit-build"]["wheel"]["py-api"] == "cp312"
    assert SETTINGS["tool"]["cibuildwheel"]["build"] == ["cp311-*", "cp312-*"]
    assert release.PYTHONS == ("3.11", ">=3.12")


def test_files_that_the_workflow_and_the_settings_name_are_there():
    text = (ROOT / ".github/workflows/release.yml").read_text("utf-8")
    assert all((ROOT / name).is_file() for name in re.findall(r"tools/\w+\.py", text))
    pins = release.REQUIREMENTS.read_text("utf-8").splitlines()[1:]
    assert {pin.partition("==")[0] for pin in pins} >= {"auditwheel", "uv", "ziglang"}
