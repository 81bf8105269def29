// Where the parts of the package are, and which module this browser can run.
import { OvertoneError } from "./errors.js";
import { hasVectors } from "./vectors.js";

const MODULES = {
  simd: new URL("./wasm/ovt-simd.wasm", import.meta.url),
  plain: new URL("./wasm/ovt-plain.wasm", import.meta.url),
};
// Written out, so that bundlers find the files.
const DATA = {
  "tiled-dct/context_state": new URL("./data/tiled-dct/context_state.bin", import.meta.url),
  "tiled-dct/post_filter": new URL("./data/tiled-dct/post_filter.bin", import.meta.url),
  "sparse-dct/context_state": new URL("./data/sparse-dct/context_state.bin", import.meta.url),
  "dfm-latent/starts": new URL("./data/dfm-latent/starts.bin", import.meta.url),
};

export function moduleUrl(vectors = hasVectors()) {
  return vectors ? MODULES.simd : MODULES.plain;
}

/** Where the data of a codec are, by their name. */
export function dataUrl(name) {
  return DATA[name];
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
