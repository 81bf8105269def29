// overtone-image in Node: the same functions, and pixels in an object like an ImageData.
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";

import { makeClient } from "./client.js";
import { hasVectors } from "./vectors.js";

export { OvertoneError } from "./errors.js";

const fileOf = (path) => readFile(new URL(path, import.meta.url));
let module = null;

function compiled() {
  const name = hasVectors() ? "simd" : "plain";
  module ??= fileOf(`./wasm/ovt-${name}.wasm`)
    .then((bytes) => WebAssembly.compile(bytes))
    .catch((error) => {
      module = null;
      throw error;
    });
  return module;
}

function start(take, fail) {
  return compiled().then((workerData) => {
    // Options of the process, such as --input-type, are not for a thread that is a file.
    const settings = { workerData, execArgv: [] };
    const worker = new Worker(new URL("./worker-node.js", import.meta.url), settings);
    worker.unref(); // it keeps the process alive only while it works
    worker.on("message", (message) => {
      worker.unref();
      take(message);
    });
    worker.on("error", fail);
    worker.on("messageerror", fail);
    worker.on("exit", (code) => fail(new Error(`the worker ended with code ${code}`)));
    return {
      post(request, transfers) {
        worker.postMessage(request, transfers);
        worker.ref();
      },
      end: () => worker.terminate(),
    };
  });
}

export const { info, decode, decodeToPng, close } = makeClient(
  start,
  (data, width, height) => ({ data, width, height, colorSpace: "srgb" }),
);
