// The public functions over one worker at a time, whatever starts workers here.
import { OvertoneError, unpacked } from "./errors.js";

const OPTIONS = {
  info: ["maxPixels", "signal"],
  pixels: ["scale", "size", "crop", "maxBytes", "maxPixels", "signal"],
};
OPTIONS.png = OPTIONS.pixels;

/** Requests to one worker, one after the other; to stop one ends the worker. */
class Queue {
  #start;
  #worker = null;
  #waiting = [];
  #current = null;

  /** @param {() => Promise<{post, listen, end}>} start of a worker that has its module */
  constructor(start) {
    this.#start = start;
  }

  ask(request, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const job = { request, resolve, reject };
      job.stop = () => this.#stop(job, signal.reason);
      job.release = () => signal?.removeEventListener("abort", job.stop);
      signal?.addEventListener("abort", job.stop);
      this.#waiting.push(job);
      this.#next();
    });
  }

  async #next() {
    if (this.#current !== null || this.#waiting.length === 0) return;
    const job = this.#waiting.shift();
    this.#current = job;
    try {
      this.#worker ??= this.#start((answer) => this.#take(answer), (error) => this.#fail(error));
      const worker = await this.#worker;
      if (this.#current === job) worker.post(job.request);
    } catch (error) {
      if (this.#current === job) this.#fail(error);
    }
  }

  #take({ answer, fault }) {
    const job = this.#current;
    if (job === null) return;
    this.#leave(job);
    if (fault) job.reject(unpacked(fault));
    else job.resolve(answer);
  }

  #fail(error) {
    const job = this.#current;
    this.#endWorker();
    if (job === null) return;
    this.#leave(job);
    job.reject(error instanceof OvertoneError ? error : new OvertoneError("INTERNAL", error.message));
  }

  #stop(job, reason) {
    job.release();
    job.reject(reason);
    if (this.#current === job) {
      this.#endWorker();
      this.#current = null;
      this.#next();
    } else {
      this.#waiting = this.#waiting.filter((each) => each !== job);
    }
  }

  #leave(job) {
    job.release();
    this.#current = null;
    this.#next();
  }

  #endWorker() {
    const worker = this.#worker;
    this.#worker = null;
    worker?.then((started) => started.end()).catch(() => {});
  }

  close() {
    for (const job of [...this.#waiting, this.#current]) {
      if (job) this.#stop(job, new OvertoneError("STOPPED", "the decoder was closed"));
    }
    this.#endWorker();
  }
}

function checkedOptions(kind, options) {
  const known = OPTIONS[kind];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new OvertoneError(
        "BAD_ARGUMENT",
        `unknown option ${name}; known are ${known.join(", ")}`,
      );
    }
  }
  const { signal, ...rest } = options;
  return { signal, rest };
}

async function bytesOf(source) {
  if (typeof Blob !== "undefined" && source instanceof Blob) {
    return new Uint8Array(await source.arrayBuffer());
  }
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  }
  throw new OvertoneError("BAD_ARGUMENT", "bytes must be an ArrayBuffer, an array of bytes or a Blob");
}

/**
 * The functions of the package.
 *
 * @param start of a worker: takes functions for its answers and its end, and promises
 *   `{post, end}` once it has its module
 * @param makeImage of pixels, width and height
 */
export function makeClient(start, makeImage) {
  const queue = new Queue(start);

  async function ask(kind, source, options) {
    const { signal, rest } = checkedOptions(kind, options);
    const bytes = await bytesOf(source);
    return queue.ask({ kind, bytes, options: rest }, signal);
  }

  return {
    async info(source, options = {}) {
      return ask("info", source, options);
    },
    async decode(source, options = {}) {
      const { pixels, width, height } = await ask("pixels", source, options);
      return makeImage(pixels, width, height);
    },
    async decodeToPng(source, options = {}) {
      const { png } = await ask("png", source, options);
      return new Blob(png, { type: "image/png" });
    },
    close: () => queue.close(),
  };
}
