// What a worker does: opens a file, fetches what its codec needs, answers with pixels.
import { Engine } from "./engine.js";
import { OvertoneError } from "./errors.js";
import { pngOf } from "./png.js";
import { DEFAULT_MAX_PIXELS, resolveView } from "./view.js";

/** The largest number that a limit may be and still be a whole number everywhere. */
const MAX_LIMIT = Number.MAX_SAFE_INTEGER;

function checkedLimit(name, value, byDefault) {
  if (value === undefined || value === null) return byDefault;
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw new OvertoneError("BAD_ARGUMENT", `${name} must be a number, got ${String(value)}`);
  }
  return Math.min(Math.trunc(value), MAX_LIMIT);
}

export class Jobs {
  #engine;
  #fetchData;

  /**
   * @param {WebAssembly.Module} module
   * @param {(name: string) => Promise<Uint8Array>} fetchData of the data of a codec, by its name
   */
  constructor(module, fetchData) {
    this.#engine = new Engine(module);
    this.#fetchData = fetchData;
  }

  /** Answer to one request: `{kind: "info" | "pixels" | "png", bytes, options}`. */
  async answer({ kind, bytes, options }) {
    try {
      if (kind === "info") return this.#info(bytes, options);
      return await this.#decoded(bytes, options, kind === "png");
    } finally {
      this.#engine.close();
    }
  }

  #info(bytes, options) {
    const engine = this.#engine;
    const maxPixels = checkedLimit("maxPixels", options.maxPixels, DEFAULT_MAX_PIXELS);
    engine.openHead(bytes, positive(maxPixels));
    const { codecId, width, height, layout } = engine.header();
    const codec = engine.codecName(codecId);
    const isProgressive = engine.isProgressive(codecId);
    return { width, height, layout, codec, codecId, isProgressive, ...engine.metadata() };
  }

  async #decoded(bytes, options, asPng) {
    const engine = this.#engine;
    const maxPixels = checkedLimit("maxPixels", options.maxPixels, DEFAULT_MAX_PIXELS);
    const maxBytes = checkedLimit("maxBytes", options.maxBytes, 0);
    engine.open(bytes, openedBytes(options.maxBytes, maxBytes), positive(maxPixels));
    if (options.maxBytes !== undefined && options.maxBytes !== null && maxBytes < 1) {
      throw new OvertoneError("BAD_ARGUMENT", `max_bytes must be at least 1, got ${maxBytes}`);
    }
    const { codecId, width, height, channels } = engine.header();
    const view = resolveView(width, height, { ...options, maxPixels });
    for (const name of engine.missingData(codecId)) {
      engine.addData(name, await this.#fetchData(name));
    }
    const numChannels = asPng ? channels : 4;
    const pixels = engine.pixels(view, numChannels, positive(maxPixels));
    if (!asPng) return { pixels, width: view.outWidth, height: view.outHeight };
    const png = pngOf(pixels, view.outWidth, view.outHeight, channels, engine.metadata());
    return { png, width: view.outWidth, height: view.outHeight };
  }
}

/** A limit for the library, to which 0 is the default. */
function positive(limit) {
  return Math.max(1, limit);
}

/** A size below 1 is refused once the codec is known to have such a size at all. */
function openedBytes(asked, maxBytes) {
  if (asked === undefined || asked === null) return 0;
  return maxBytes < 1 ? 2 ** 31 : Math.min(maxBytes, 2 ** 31);
}
