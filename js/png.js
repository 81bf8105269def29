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

function adler32(bytes) {
  let a = 1;
  let b = 0;
  for (let start = 0; start < bytes.length; start += 2000) {
    const end = Math.min(bytes.length, start + 2000);
    for (let i = start; i < end; i++) {
      a += bytes[i];
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** A zlib stream of blocks that are stored as they are. */
function stored(bytes) {
  const numBlocks = Math.max(1, Math.ceil(bytes.length / MAX_BLOCK));
  const stream = new Uint8Array(2 + 5 * numBlocks + bytes.length + 4);
  stream.set([0x78, 0x01]);
  let at = 2;
  for (let block = 0; block < numBlocks; block++) {
    const part = bytes.subarray(block * MAX_BLOCK, (block + 1) * MAX_BLOCK);
    const { length } = part;
    stream.set([block + 1 === numBlocks ? 1 : 0, length & 255, length >> 8], at);
    stream.set([~length & 255, (~length >> 8) & 255], at + 3);
    stream.set(part, at + 5);
    at += 5 + length;
  }
  new DataView(stream.buffer).setUint32(at, adler32(bytes));
  return stream;
}

function chunk(type, ...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(12 + length);
  const numbers = new DataView(bytes.buffer);
  numbers.setUint32(0, length);
  bytes.set(new TextEncoder().encode(type), 4);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  numbers.setUint32(at, crc32(bytes, 4, at));
  return bytes;
}

function header(width, height, channels) {
  const bytes = new Uint8Array(13);
  const numbers = new DataView(bytes.buffer);
  numbers.setUint32(0, width);
  numbers.setUint32(4, height);
  bytes.set([8, COLOUR_TYPES[channels - 1], 0, 0, 0], 8);
  return bytes;
}

/** Rows with the byte before each that says that it is stored as it is. */
function filtered(pixels, width, height, channels) {
  const rowBytes = width * channels;
  const rows = new Uint8Array(height * (rowBytes + 1));
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1);
  }
  return rows;
}

/** The parts of a PNG file, for a Blob. */
export function pngOf(pixels, width, height, channels, { icc, exif }) {
  const parts = [new Uint8Array(SIGNATURE), chunk("IHDR", header(width, height, channels))];
  if (icc) parts.push(chunk("iCCP", new TextEncoder().encode("ICC\0"), [0], stored(icc)));
  else parts.push(chunk("sRGB", [0]));
  if (exif) parts.push(chunk("eXIf", exif));
  parts.push(chunk("IDAT", stored(filtered(pixels, width, height, channels))));
  parts.push(chunk("IEND"));
  return parts;
}
