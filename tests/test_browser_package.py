"""The npm package: what is in it, what a page fetches of it, and that it works in Node as well."""

from __future__ import annotations

import gzip
import json
import pathlib
import re
import subprocess

import numpy as np
from web_node import program, run_in_node
from web_pictures import CODECS, GOLDEN, golden_file, largest_difference, need_modules, rgba_of
from web_server import JS, served

import overtone

MAX_FETCHED_BYTES = 210_000  # compressed, for a page with a file of the default codec
DECODE = """
import { readFileSync, writeFileSync } from "node:fs";
import { decode, info, OvertoneError } from "js/node.js";
const [folder, out, ...codecs] = process.argv.slice(2);
const told = {};
for (const codec of codecs) {
  const bytes = readFileSync(`${folder}/${codec}-1.ovt`);
  const { width, height, data } = await decode(bytes, { scale: 1.5 });
  writeFileSync(`${out}/${codec}`, data);
  told[codec] = { size: [width, height], layout: (await info(bytes)).layout };
}
try {
  await decode(new Uint8Array(9));
} catch (error) {
  told.fault = [error instanceof OvertoneError, error.code, error.offset];
}
const stop = AbortSignal.timeout(30);
const slow = decode(readFileSync(`${folder}/sparse-dct-1.ovt`), { scale: 300, signal: stop });
told.stopped = await slow.then(() => "decoded", (error) => error.name);
told.after = (await decode(readFileSync(`${folder}/dfm-1.ovt`))).width;
tell(told);
"""


def test_a_page_fetches_at_most_210_kilobytes(page):
    need_modules()
    with served() as site:
        site.answers["/a.ovt"] = golden_file("tiled-dct")
        page.goto(
            site.page("<img src=/a.ovt alt=''><script type=module src=/js/polyfill.js></script>")
        )
        page.wait_for_function("document.querySelector('img').naturalWidth === 23")
        fetched = sorted({path for path in site.asked if path.startswith("/js/")})
    files = [JS / path.removeprefix("/js/") for path in fetched]
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9, mtime=0)) for file in files}
    assert {"polyfill.js", "worker.js", "ovt-simd.wasm", "context_state.bin"} <= sizes.keys()
    assert sum(sizes.values()) <= MAX_FETCHED_BYTES, sizes


def test_the_package_holds_what_its_files_import(tmp_path):
    need_modules()
    command = [program("npm"), "pack", "--dry-run", "--json", "--ignore-scripts", "--offline"]
    done = subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=60, check=True)
    files = {each["path"] for each in json.loads(done.stdout)[0]["files"]}
    for name in [name for name in files if name.endswith((".js", ".d.ts"))]:
        text = (JS / name).read_text("utf-8")
        for target in re.findall(r'(?:from|import) "(\.[^"]+)"', text):
            wanted = (pathlib.PurePosixPath(name).parent / target).as_posix()
            wanted = wanted.replace("viewer/../", "")
            if name.endswith(".d.ts"):
                wanted = wanted.replace(".js", ".d.ts")
            assert wanted in files, f"{name} imports {target}"
    assert {"data/sparse-dct/context_state.bin", "wasm/ovt-plain.wasm", "README.md"} <= files


def test_the_data_of_codecs_are_named_as_bundlers_find_them():
    text = (JS / "web.js").read_text("utf-8")
    codecs = pathlib.Path(overtone.__file__).parent / "codecs"
    names = {f"{each.parent.name.replace('_', '-')}/{each.stem}" for each in codecs.rglob("*.bin")}
    table = re.findall(r'"(.+)": new URL\("\./data/(.+)\.bin", import\.meta\.url\)', text)
    assert {name for name, _ in table} == {path for _, path in table} == names
    assert all(name == path for name, path in table)


def test_it_decodes_in_node(tmp_path):
    need_modules()
    told = run_in_node(tmp_path, DECODE, GOLDEN, tmp_path, *CODECS)
    for codec in CODECS:
        expected = rgba_of(overtone.decode(golden_file(codec), scale=1.5, num_threads=1))
        height, width, _ = expected.shape
        assert told[codec] == {"size": [width, height], "layout": "rgb"}
        found = np.frombuffer((tmp_path / codec).read_bytes(), np.uint8).reshape(expected.shape)
        assert largest_difference(found, expected) <= 1
    assert told["fault"] == [True, "NOT_A_BITSTREAM", 0]
    assert told["stopped"] == "TimeoutError"
    assert told["after"] == 23
