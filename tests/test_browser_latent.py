"""The modules for browsers and machines of all trunks and sizes, in Node."""

from __future__ import annotations

import json

import numpy as np
import pytest
from toy_latents import file_of, toy_files
from web_node import run_in_node
from web_pictures import MODULES, largest_difference, need_modules, rgba_of
from web_server import JS

import overtone

DECODE = """
import { readFileSync, writeFileSync } from "node:fs";
import { Jobs } from "js/jobs.js";
const [folder, modulePath, views] = process.argv.slice(2);
const jobs = new Jobs(await WebAssembly.compile(readFileSync(modulePath)));
for (const [index, scale] of JSON.parse(views)) {
  const bytes = readFileSync(`${folder}/${index}.ovt`);
  const { pixels } = await jobs.answer({ kind: "pixels", bytes, options: { scale } });
  writeFileSync(`${folder}/${index}-${scale}`, pixels);
}
tell(null);
"""
SCALES = (0.6, 1, 1.7)


@pytest.mark.parametrize("module", MODULES)
def test_machines_of_all_trunks_and_sizes_have_the_pixels_of_python(tmp_path, module):
    need_modules()
    files = [file_of(shapes.spec, section) for shapes, _, section in toy_files()]
    for index, data in enumerate(files):
        (tmp_path / f"{index}.ovt").write_bytes(data)
    views = [(index, scale) for index in range(len(files)) for scale in SCALES]
    run_in_node(tmp_path, DECODE, tmp_path, JS / "wasm" / module, json.dumps(views))
    for index, scale in views:
        expected = rgba_of(overtone.decode(files[index], scale=scale, num_threads=1))
        raw = (tmp_path / f"{index}-{scale}").read_bytes()
        found = np.frombuffer(raw, np.uint8).reshape(expected.shape)
        assert largest_difference(found, expected) <= 1, (index, scale)
