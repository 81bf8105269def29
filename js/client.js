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
  #worker = null; // a promise of it is in `ready`; what another one says does not count any more
  #waiting = [];
  #current = null;

  /** @param start of a worker, as `makeClient` takes it */
  constructor(start) {
    this.#start = start;
  }

  ask(request, transfers, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const job = { request, transfers, resolve, reject };
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
    const own = (this.#worker ??= this.#newWorker());
    let worker;
    try {
      worker = await own.ready;
    } catch (error) {
      if (this.#worker === own) this.#fail(error);
      return;
    }
    if (this.#current !== job) return;
    try {
      worker.post(job.request, job.transfers);
    } catch (error) {
      this.#leave(job);
      const text = `bytes or options cannot be sent to a worker: ${error.message}`;
      job.reject(new OvertoneError("BAD_ARGUMENT", text));
    }
  }

  /** A worker that is heard only as long as it is the one at work: ended ones may say more. */
  #newWorker() {
    const own = {};
    own.ready = this.#start(
      (message) => this.#worker === own && this.#take(message),
      (error) => this.#worker === own && this.#fail(error),
    );
    return own;
  }

  #take({ answer, fault, isSpent }) {
    const job = this.#current;
    if (isSpent) this.#endWorker();
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
    worker?.ready.then((started) => started.end()).catch(() => {});
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

/**
 * The bytes to send, and the memory that goes along with them. That of the caller stays where it is
 * and is copied; of a part of it only that part.
 */
async function bytesOf(source) {
  if (typeof Blob !== "undefined" && source instanceof Blob) {
    const buffer = await source.arrayBuffer();
    return { bytes: new Uint8Array(buffer), transfers: [buffer] };
  }
  if (source instanceof ArrayBuffer) return { bytes: new Uint8Array(source), transfers: [] };
  if (ArrayBuffer.isView(source)) {
    const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    if (bytes.length === source.buffer.byteLength) return { bytes, transfers: [] };
    const part = bytes.slice();
    return { bytes: part, transfers: [part.buffer] };
  }
  throw new OvertoneError("BAD_ARGUMENT", "bytes must be an ArrayBuffer, an array of bytes or a Blob");
}

/**
 * The functions of the package.
 *
 * @param start of a worker: takes functions for its answers and its faults, and promises
 *   `{post, end}` once it has its module. An answer is `{answer}` or `{fault}`, with `isSpent` where
 *   the worker is to be ended.
 * @param makeImage of pixels, width and height
 */
export function makeClient(start, makeImage) {
  const queue = new Queue(start);

  async function ask(kind, source, options) {
    const { signal, rest } = checkedOptions(kind, options);
    const { bytes, transfers } = await bytesOf(source);
    return queue.ask({ kind, bytes, options: rest }, transfers, signal);
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
