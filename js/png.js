// Pixels as a PNG file, which every browser shows, with colour profile and orientation. Nothing is
// compressed: the file only goes from the decoder to the page.
const COLOUR_TYPES = [0, 4, 2, 6]; // of 1 to 4 channels
const MAX_BLOCK = 65535;
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

const CRC_TABLES = (() => {
  const tables = Array.from({ length: 4 }, () => new Uint32Array(256));
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    tables[0][i] = value;
  }
  for (let t = 1; t < 4; t++) {
    for (let i = 0; i < 256; i++) {
      const value = tables[t - 1][i];
      tables[t][i] = (value >>> 8) ^ tables[0][value & 255];
    }
  }
  return tables;
})();

function crc32(bytes, start, end) {
  const [t0, t1, t2, t3] = CRC_TABLES;
  let crc = 0xffffffff;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = t3[crc & 255] ^ t2[(crc >>> 8) & 255] ^ t1[(crc >>> 16) & 255] ^ t0[crc >>> 24];
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}

/** A chunk with room for its data, which are from byte 8 on; `seal` ends it. */
function openChunk(type, length) {
  const bytes = new Uint8Array(12 + length);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes.set(new TextEncoder().encode(type), 4);
  return bytes;
}

function seal(bytes) {
  const end = bytes.length - 4;
  new DataView(bytes.buffer).setUint32(end, crc32(bytes, 4, end));
  return bytes;
}

function chunk(type, data) {
  const bytes = openChunk(type, data.length);
  bytes.set(data, 8);
  return seal(bytes);
}

/** A zlib stream of blocks that are stored as they are, written into the bytes of a chunk. */
class Stored {
  #bytes;
  #at;
  #left; // bytes that are still to come
  #room = 0; // in the block that is being written
  #a = 1;
  #b = 0;

  static sizeOf(length) {
    return 2 + 5 * Math.max(1, Math.ceil(length / MAX_BLOCK)) + length + 4;
  }

  /** A stream of `length` bytes from byte `at` on. */
  constructor(bytes, at, length) {
    this.#bytes = bytes;
    this.#left = length;
    bytes.set([0x78, 0x01], at);
    this.#at = at + 2;
    if (length === 0) this.#begin();
  }

  #begin() {
    const length = Math.min(this.#left, MAX_BLOCK);
    const isLast = length === this.#left ? 1 : 0;
    const inverse = length ^ 0xffff;
    this.#bytes.set([isLast, length & 255, length >> 8, inverse & 255, inverse >> 8], this.#at);
    this.#at += 5;
    this.#room = length;
  }

  /** The next bytes. */
  add(part) {
    this.#sum(part);
    for (let done = 0; done < part.length; ) {
      if (this.#room === 0) this.#begin();
      const piece = part.subarray(done, done + this.#room);
      this.#bytes.set(piece, this.#at);
      this.#at += piece.length;
      this.#room -= piece.length;
      this.#left -= piece.length;
      done += piece.length;
    }
  }

  #sum(part) {
    let [a, b] = [this.#a, this.#b];
    for (let start = 0; start < part.length; start += 2000) {
      const end = Math.min(part.length, start + 2000);
      for (let i = start; i < end; i++) {
        a += part[i];
        b += a;
      }
      a %= 65521;
      b %= 65521;
    }
    [this.#a, this.#b] = [a, b];
  }

  /** Writes the checksum, once all bytes are there. */
  end() {
    new DataView(this.#bytes.buffer).setUint32(this.#at, ((this.#b << 16) | this.#a) >>> 0);
  }
}

/** A colour profile under a name. */
function profile(icc) {
  const name = new TextEncoder().encode("ICC\0\0"); // the last byte: packed by zlib
  const bytes = openChunk("iCCP", name.length + Stored.sizeOf(icc.length));
  bytes.set(name, 8);
  const stream = new Stored(bytes, 8 + name.length, icc.length);
  stream.add(icc);
  stream.end();
  return seal(bytes);
}


function header(width, height, channels) {
  const bytes = new Uint8Array(13);
  const numbers = new DataView(bytes.buffer);
  numbers.setUint32(0, width);
  numbers.setUint32(4, height);
  bytes.set([8, COLOUR_TYPES[channels - 1], 0, 0, 0], 8);
  return bytes;
}

const UNFILTERED = new Uint8Array([0]); // before each row: its bytes are as they are

/** A PNG file, whose pixels come some rows at a time and are written once. */
export class Png {
  #parts = [new Uint8Array(SIGNATURE)];
  #rowBytes;
  #data;
  #stream;

  constructor(width, height, channels, { icc, exif }) {
    this.#parts.push(chunk("IHDR", header(width, height, channels)));
    this.#parts.push(icc ? profile(icc) : chunk("sRGB", [0]));
    if (exif) this.#parts.push(chunk("eXIf", exif));
    this.#rowBytes = width * channels;
    const length = height * (this.#rowBytes + 1);
    this.#data = openChunk("IDAT", Stored.sizeOf(length));
    this.#stream = new Stored(this.#data, 8, length);
  }

  /** The next rows of pixels, whole ones. */
  add(rows) {
    for (let at = 0; at < rows.length; at += this.#rowBytes) {
      this.#stream.add(UNFILTERED);
      this.#stream.add(rows.subarray(at, at + this.#rowBytes));
    }
  }

  /** The parts of the file, for a Blob, once all rows are there. */
  parts() {
    this.#stream.end();
    return [...this.#parts, seal(this.#data), chunk("IEND", [])];
  }
}
