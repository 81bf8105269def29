"""Scripts of tests that run in Node, beside the npm package."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
from typing import Any

import pytest
from browser_fixtures import MISSING
from web_server import JS


def program(name: str) -> str:
    """Its path; skips the test where it is not installed."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{MISSING}no {name} on the path")
    return path


def run_in_node(folder: pathlib.Path, script: str, *arguments: object) -> Any:
    """What a module tells by `tell(value)`; `js/NAME` in its imports is a file of the package."""
    node = program("node")
    text = script.replace('"js/', f'"{JS.as_uri()}/')
    path = folder / "script.mjs"
    path.write_text(text + "\nfunction tell(value) { console.log(JSON.stringify(value)); }\n")
    command = [node, str(path), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
