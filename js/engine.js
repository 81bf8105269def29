// libovt as a WebAssembly module: the other side of csrc/wasm/bridge.cpp.
//
// One file and one decoder at a time, all of it synchronous; who uses it is a thread of its own.
import { OvertoneError } from "./errors.js";

const OK = 0;
const END = 1;
const LAYOUTS = ["gray", "gray_alpha", "rgb", "rgba"];
const TEXT = new TextDecoder();

export class Engine {
  #memory;
  #calls;
  #bytes = 0; // where the file is
  #results; // two pointers that calls write to

  /** @param {WebAssembly.Module} module */
  constructor(module) {
    const instance = new WebAssembly.Instance(module, this.#imports());
    this.#calls = instance.exports;
    this.#memory = instance.exports.memory;
    this.#calls._initialize();
    this.#results = this.#calls.malloc(8);
  }

  #imports() {
    return {
      env: { emscripten_notify_memory_growth: () => {} },
      wasi_snapshot_preview1: {
        proc_exit: (code) => {
          throw new OvertoneError("INTERNAL", `the decoder stopped with code ${code}`);
        },
        clock_time_get: (_clock, _precision, result) => {
          const nanoseconds = BigInt(Math.round(performance.now() * 1e6));
          new DataView(this.#memory.buffer).setBigInt64(result, nanoseconds, true);
          return 0;
        },
      },
    };
  }

  /** Gives a codec the data that its adaptive models start from. */
  addData(name, bytes) {
    this.#with([new TextEncoder().encode(`${name}\0`), bytes], (nameAt, at) => {
      this.#check(this.#calls.web_add_data(nameAt, at, bytes.length));
    });
  }

  /** Opens a file; `maxBytes` 0 wants it whole. Closes the one before. */
  open(bytes, maxBytes, maxPixels) {
    this.close();
    this.#bytes = this.#copied(bytes);
    this.#check(this.#calls.web_open(this.#bytes, bytes.length, maxBytes, maxPixels));
  }

  /** Opens the header and the metadata alone, of as much of a file as there is. */
  openHead(bytes, maxPixels) {
    this.close();
    this.#bytes = this.#copied(bytes);
    this.#check(this.#calls.web_open_head(this.#bytes, bytes.length, maxPixels));
  }

  close() {
    this.#calls.web_close();
    this.#calls.free(this.#bytes);
    this.#bytes = 0;
  }

  /** What the header says of the file that is open. */
  header() {
    const at = this.#calls.web_header();
    const [codecId, width, height, channels] = new Uint32Array(this.#memory.buffer, at, 4);
    return { codecId, width, height, channels, layout: LAYOUTS[channels - 1] };
  }

  /** Name of a codec, or null for one that is not decoded here. */
  codecName(codecId) {
    return this.#text(this.#calls.ovt_codec_name(codecId));
  }

  isProgressive(codecId) {
    return this.#calls.ovt_codec_is_progressive(codecId) !== 0;
  }

  /** Names of the data that a codec needs and that have not been given yet. */
  missingData(codecId) {
    const names = [];
    for (let index = 0, at; (at = this.#calls.ovt_codec_data(codecId, index)) !== 0; index++) {
      if (!this.#calls.web_has_data(at)) names.push(this.#text(at));
    }
    return names;
  }

  metadata() {
    const at = this.#calls.web_metadata();
    const [icc, iccSize, exif, exifSize] = new Uint32Array(this.#memory.buffer, at, 4);
    const [dpiX, dpiY] = new Float64Array(this.#memory.buffer, at + 16, 2);
    return {
      icc: icc === 0 ? null : this.#view(icc, iccSize).slice(),
      exif: exif === 0 ? null : this.#view(exif, exifSize).slice(),
      dpi: dpiX === 0 ? null : [dpiX, dpiY],
    };
  }

  /** Begins to decode a view of the file that is open. */
  start({ x, y, width, height, outWidth, outHeight }, maxPixels) {
    this.#check(
      this.#calls.web_start(x, y, width, height, outWidth, outHeight, maxPixels),
    );
  }

  /**
   * The rows of the view, some at a time; each array holds until the next one is asked for. Pixels
   * have `numChannels` bytes: 4, or those of the file.
   */
  *rows(outWidth, numChannels) {
    const asRgba = numChannels === 4 && this.header().channels !== 4;
    for (;;) {
      const status = this.#calls.web_next(this.#results, this.#results + 4, asRgba ? 1 : 0);
      if (status === END) return;
      this.#check(status);
      const [at, numRows] = new Uint32Array(this.#memory.buffer, this.#results, 2);
      yield this.#view(at, numRows * outWidth * numChannels);
    }
  }

  get memoryBytes() {
    return this.#memory.buffer.byteLength;
  }

  #view(at, size) {
    return new Uint8Array(this.#memory.buffer, at, size);
  }

  #text(at) {
    if (at === 0) return null;
    const bytes = new Uint8Array(this.#memory.buffer, at);
    return TEXT.decode(bytes.slice(0, bytes.indexOf(0)));
  }

  #copied(bytes) {
    const at = this.#calls.malloc(Math.max(1, bytes.length));
    if (at === 0) throw new OvertoneError("NO_MEMORY", "there is not enough memory for the file");
    this.#view(at, bytes.length).set(bytes);
    return at;
  }

  #with(arrays, work) {
    const places = [];
    try {
      for (const array of arrays) places.push(this.#copied(array));
      work(...places);
    } finally {
      places.forEach((at) => this.#calls.free(at));
    }
  }

  #check(status) {
    if (status === OK) return;
    const at = this.#calls.web_error();
    const offset = Number(new DataView(this.#memory.buffer).getBigInt64(at + 8, true));
    const code = this.#text(this.#calls.ovt_status_name(status)).replace("OVT_", "");
    throw new OvertoneError(code, this.#text(at + 16), offset < 0 ? null : offset);
  }
}
