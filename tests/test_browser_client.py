"""Parts of the npm package by themselves, in Node: requests, faults, PNG files, `srcset`."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from web_node import run_in_node
from web_pictures import GOLDEN, need_modules

# A client whose workers do nothing of their own: tests say what they answer.
CLIENT = """
import { makeClient } from "js/client.js";
const workers = [];
function start(take, fail) {
  const worker = { asked: [], isEnded: false, take, fail };
  workers.push(worker);
  const post = (request, transfer) => worker.asked.push(structuredClone(request, { transfer }));
  return Promise.resolve({ post, end: () => (worker.isEnded = true) });
}
const client = makeClient(start);
const moment = () => new Promise((resolve) => setTimeout(resolve, 1));
const told = ({ name, code }) => (name === "OvertoneError" ? code : name);
const outcome = (promise) => promise.catch(told);
"""


def test_a_stopped_request_never_answers_the_next_one(tmp_path):
    need_modules()
    script = """
import { readFileSync } from "node:fs";
import { decode, info } from "js/node.js";
const bytes = readFileSync(process.argv[2]);
await info(bytes); // the worker is there
const stop = new AbortController();
const first = decode(bytes, { scale: 10, signal: stop.signal });
await new Promise(setImmediate);
// This thread hears nothing, and the answer is there when it stops the request.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
stop.abort();
const [one, two] = await Promise.allSettled([first, decode(bytes, { scale: 2 })]);
tell([one.reason?.name, two.value.width, two.value.height]);
"""
    told = run_in_node(tmp_path, script, GOLDEN / "sparse-dct-1.ovt")
    assert told == ["AbortError", 46, 82]


def test_a_worker_that_was_ended_is_not_heard_any_more(tmp_path):
    script = """
const stop = new AbortController();
const first = outcome(client.info(new Uint8Array(3), { signal: stop.signal }));
await moment();
stop.abort();
const second = outcome(client.info(new Uint8Array(4)));
await moment();
workers[0].take({ answer: "of the first" });
workers[0].fail(new Error("ended"));
workers[1].take({ answer: "of the second" });
tell([await first, await second, workers.map(({ isEnded }) => isEnded)]);
"""
    told = run_in_node(tmp_path, CLIENT + script)
    assert told == ["AbortError", "of the second", [True, False]]


def test_a_spent_worker_is_ended_after_its_answer(tmp_path):
    script = """
const answers = [1, 2, 3].map((size) => outcome(client.info(new Uint8Array(size))));
await moment();
workers[0].take({ answer: "large", isSpent: true });
await moment();
const fault = { code: "INTERNAL", message: "unreachable", offset: null };
workers[1].take({ fault, isSpent: true });
await moment();
workers[2].take({ answer: "small" });
const seen = workers.map(({ asked, isEnded }) => [asked.map(({ bytes }) => bytes.length), isEnded]);
tell([await Promise.all(answers), seen]);
"""
    told = run_in_node(tmp_path, CLIENT + script)
    assert told == [["large", "INTERNAL", "small"], [[[1], True], [[2], True], [[3], False]]]


def test_of_a_view_its_own_part_is_sent_and_the_caller_keeps_the_bytes(tmp_path):
    script = """
const large = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
const sources = [large.subarray(10, 15), large, large.buffer, new Blob([large])];
for (const source of sources) {
  const answer = client.info(source);
  await moment();
  workers[0].take({ answer: "got" });
  await answer;
}
const sent = workers[0].asked.map(({ bytes }) => [bytes[9] ?? bytes[0], bytes.buffer.byteLength]);
tell([sent, large.length]);
"""
    assert run_in_node(tmp_path, CLIENT + script) == [
        [[10, 5], [9, 1000], [9, 1000], [9, 1000]],
        1000,
    ]


def test_an_option_that_cannot_be_sent_fails_its_own_request_alone(tmp_path):
    script = """
const bad = outcome(client.decode(new Uint8Array(2), { scale: () => 1 }));
const good = outcome(client.info(new Uint8Array(3)));
await moment();
workers[0].take({ answer: "header" });
tell([await bad, await good, workers.length]);
"""
    assert run_in_node(tmp_path, CLIENT + script) == ["BAD_ARGUMENT", "header", 1]


@pytest.mark.parametrize(
    ("error", "code", "kept", "is_spent"),
    [
        ('new WebAssembly.RuntimeError("unreachable")', "INTERNAL", 2**28, True),
        ('new RangeError("too long")', "NO_MEMORY", 2**28, True),
        ("null", None, 2**28, False),
        ("null", None, 1000, True),
    ],
)
def test_a_decoder_that_broke_down_or_is_large_is_spent(tmp_path, error, code, kept, is_spent):
    need_modules()
    script = """
import { readFile } from "node:fs/promises";
import { Jobs, replyTo } from "js/jobs.js";
import { dataUrl, moduleUrl } from "js/web.js";
const Instance = WebAssembly.Instance;
const error = ERROR;
WebAssembly.Instance = function (module, imports) {
  const { exports } = new Instance(module, imports);
  const web_next = (...given) => {
    if (error) throw error;
    return exports.web_next(...given);
  };
  return { exports: { ...exports, web_next } };
};
const module = await WebAssembly.compile(await readFile(moduleUrl()));
const jobs = new Jobs(module, (name) => readFile(dataUrl(name)), KEPT);
const bytes = await readFile(process.argv[2]);
const [message, transfers] = await replyTo(jobs, { kind: "pixels", bytes, options: {} });
tell([message.fault?.code ?? null, message.isSpent, transfers.map((each) => each.byteLength)]);
"""
    script = script.replace("ERROR", error).replace("KEPT", str(kept))
    told = run_in_node(tmp_path, script, GOLDEN / "dfm-1.ovt")
    assert told == [code, is_spent, [] if code else [4 * 23 * 41]]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_png_files_hold_the_rows_they_were_given(tmp_path, mode):
    channels = len(mode)
    pixels = np.random.default_rng(channels).integers(0, 256, (230, 301, channels), np.uint8)
    icc = bytes(range(256)) * 300  # more than a block
    for name, data in (("pixels", pixels.tobytes()), ("icc", icc)):
        (tmp_path / name).write_bytes(data)
    script = """
import { readFileSync, writeFileSync } from "node:fs";
import { Png } from "js/png.js";
const [folder, channels] = process.argv.slice(2);
const read = (name) => new Uint8Array(readFileSync(`${folder}/${name}`));
const [pixels, icc, exif] = [read("pixels"), read("icc"), null];
const png = new Png(301, 230, Number(channels), { icc, exif });
const rowBytes = 301 * channels;
for (let y = 0; y < 230; y += 16) png.add(pixels.subarray(y * rowBytes, (y + 16) * rowBytes));
writeFileSync(`${folder}/a.png`, Buffer.concat(png.parts()));
tell(null);
"""
    run_in_node(tmp_path, script, tmp_path, channels)
    with Image.open(tmp_path / "a.png") as image:
        assert (image.mode, image.info["icc_profile"]) == (mode, icc)
        assert np.array_equal(np.asarray(image).reshape(pixels.shape), pixels)


SETS = {
    "": [],
    " , a.ovt": [["a.ovt", ""]],
    "a.ovt 1x,b.ovt 2x": [["a.ovt", "1x"], ["b.ovt", "2x"]],
    "a.ovt,b.ovt 2x": [["a.ovt,b.ovt", "2x"]],
    "a.ovt, b.ovt\n\t70w 45h ,": [["a.ovt", ""], ["b.ovt", "70w 45h"]],
    "a.ovt,,,b 1x": [["a.ovt,,,b", "1x"]],
    "a.ovt,, b.ovt": [["a.ovt", ""], ["b.ovt", ""]],
    "data:image/png;base64,AA= 2x, c.ovt": [["data:image/png;base64,AA=", "2x"], ["c.ovt", ""]],
    "a.ovt f(1, 2x) 2x, c.ovt": [["a.ovt", "f(1, 2x) 2x"], ["c.ovt", ""]],
    "a.ovt (1, b.ovt": [["a.ovt", "(1, b.ovt"]],
}


def test_candidates_are_split_as_the_html_standard_says(tmp_path):
    script = """
import { candidatesOf, descriptorFor } from "js/srcset.js";
const split = JSON.parse(process.argv[2]).map((each) =>
  candidatesOf(each).map(({ address, descriptor }) => [address, descriptor]));
const among = (srcset) => descriptorFor(srcset, "http://a.b/c/d.ovt", "http://a.b/c/");
tell([split, ["http://[/ 1x, d.ovt 2x", "/c/d.ovt", "e.ovt 1x"].map(among)]);
"""
    split, descriptors = run_in_node(tmp_path, script, json.dumps(list(SETS)))
    assert dict(zip(SETS, split, strict=True)) == SETS
    assert descriptors == ["2x", "", None]
