"""Settings of the whole test run: Hypothesis profiles and golden files."""

from __future__ import annotations

import os
import pathlib

import hypothesis
import pytest

from overtone.cli import progress

pytest_plugins = ["browser_fixtures"]

hypothesis.settings.register_profile(
    "default", deadline=None, derandomize=True, print_blob=True, database=None
)
hypothesis.settings.load_profile("default")

# They begin first, so that at the end no worker is left alone with one of them.
LONG_FILES = (
    "test_gpu_command.py",
    "test_processes.py",
    "test_cluster.py",
    "test_studio_browser.py",
    "test_guides.py",
    "test_resume.py",
    "test_wheel.py",
    "test_readme.py",
    "test_codec_conformance.py",
    "test_short_of_resources.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files anew (not in CI)"
    )


def pytest_configure() -> None:
    # Lines about progress depend on how fast the machine is.
    progress.FIRST_LINE_S = 1e6


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture
def golden(request: pytest.FixtureRequest):
    """`golden(name, make)` is the stored bytes; a missing file fails, an update calls `make`."""
    update = request.config.getoption("--update-golden")
    if update and os.environ.get("CI"):
        raise pytest.UsageError("--update-golden is not allowed in CI")

    def check(name: str, make) -> bytes:
        path = pathlib.Path(__file__).parent / "golden" / name
        if update:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(make())
        assert path.exists(), f"{path.name} is missing: run pytest --update-golden and commit it"
        return path.read_bytes()

    return check


@pytest.fixture
def raw_codec(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a codec in the table that is quick and needs no native code."""
    from overtone.codecs import registry

    monkeypatch.setitem(registry.CODECS, "raw", "helpers:RawCodec")
    monkeypatch.setitem(registry.CODEC_IDS, 127, "raw")
    return "raw"
