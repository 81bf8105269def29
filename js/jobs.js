// What a worker does: opens a file, fetches what its codec needs, answers with pixels.
import { Engine } from "./engine.js";
import { isFatal, OvertoneError, packed } from "./errors.js";
import { Png } from "./png.js";
import { DEFAULT_MAX_PIXELS, resolveView } from "./view.js";

/** The largest number that a limit may be and still be a whole number everywhere. */
const MAX_LIMIT = Number.MAX_SAFE_INTEGER;
/** The most memory that a decoder may hold after its work; it never gets smaller again. */
const MAX_KEPT_BYTES = 2 ** 28;

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
  #maxKeptBytes;
  #hasFailed = false;

  /**
   * @param {WebAssembly.Module} module
   * @param {(name: string) => Promise<Uint8Array>} fetchData of the data of a codec, by its name
   */
  constructor(module, fetchData, maxKeptBytes = MAX_KEPT_BYTES) {
    this.#engine = new Engine(module);
    this.#fetchData = fetchData;
    this.#maxKeptBytes = maxKeptBytes;
  }

  /** Whether the thread should end: the decoder broke down, or holds much memory. */
  get isSpent() {
    return this.#hasFailed || this.#engine.memoryBytes > this.#maxKeptBytes;
  }

  /** Answer to one request: `{kind: "info" | "pixels" | "png", bytes, options}`. */
  async answer({ kind, bytes, options }) {
    try {
      if (kind === "info") return this.#info(bytes, options);
      return await this.#decoded(bytes, options, kind === "png");
    } catch (error) {
      this.#hasFailed ||= isFatal(error);
      throw error;
    } finally {
      if (!this.#hasFailed) this.#engine.close();
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
    engine.start(view, positive(maxPixels));
    const { outWidth, outHeight } = view;
    if (asPng) {
      const png = new Png(outWidth, outHeight, channels, engine.metadata());
      for (const rows of engine.rows(outWidth, channels)) png.add(rows);
      return { png: png.parts(), width: outWidth, height: outHeight };
    }
    const pixels = new Uint8ClampedArray(outWidth * outHeight * 4);
    let done = 0;
    for (const rows of engine.rows(outWidth, 4)) {
      pixels.set(rows, done);
      done += rows.length;
    }
    return { pixels, width: outWidth, height: outHeight };
  }
}

/** The message that answers a request, and the memory that goes with it instead of a copy. */
export async function replyTo(jobs, request) {
  try {
    const answer = await jobs.answer(request);
    const arrays = answer.pixels ? [answer.pixels] : (answer.png ?? []);
    return [{ answer, isSpent: jobs.isSpent }, arrays.map(({ buffer }) => buffer)];
  } catch (error) {
    return [{ fault: packed(error), isSpent: jobs.isSpent }, []];
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
