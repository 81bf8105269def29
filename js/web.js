// Where the parts of the package are, and which module this browser can run.
import { OvertoneError } from "./errors.js";
import { hasVectors } from "./vectors.js";

const MODULES = {
  simd: new URL("./wasm/ovt-simd.wasm", import.meta.url),
  plain: new URL("./wasm/ovt-plain.wasm", import.meta.url),
};

export function moduleUrl(vectors = hasVectors()) {
  return vectors ? MODULES.simd : MODULES.plain;
}

export function dataUrl(name) {
  return new URL(`./data/${name}.bin`, import.meta.url);
}

export async function fetched(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new OvertoneError("NO_DATA", `${url} cannot be fetched: ${error.message}`);
  }
  if (!response.ok) {
    throw new OvertoneError("NO_DATA", `${url} cannot be fetched: ${response.status}`);
  }
  return response;
}

let module = null;

/** The module for this browser, fetched and compiled once. */
export function compiled() {
  module ??= compile(moduleUrl()).catch((error) => {
    module = null; // the next call tries again
    throw error;
  });
  return module;
}

export async function compile(url) {
  const response = await fetched(url);
  const isNamed = response.headers.get("content-type")?.startsWith("application/wasm");
  return isNamed
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

let url = null;

/** The worker's script; from another host by way of a script of this page that imports it. */
export function workerUrl() {
  if (url !== null) return url;
  const own = new URL("./worker.js", import.meta.url);
  if (own.origin === location.origin) {
    url = own;
  } else {
    const script = new Blob([`import ${JSON.stringify(own.href)};`], { type: "text/javascript" });
    url = URL.createObjectURL(script);
  }
  return url;
}
