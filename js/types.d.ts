/** What of a picture is decoded, and how large. Other sizes are evaluated, not resampled. */
export interface DecodeOptions {
  /** Output pixels per source pixel; the sides are rounded, and at least 1. */
  scale?: number;
  /** Output width and height, instead of a scale. */
  size?: readonly [width: number, height: number];
  /** Left, top, width and height of the part to decode, source pixels. */
  crop?: readonly [left: number, top: number, width: number, height: number];
  /**
   * Use the first bytes of the file only, with a codec that codes coarse to fine; the file may then
   * have arrived in part.
   */
  maxBytes?: number;
  /** Largest number of pixels of the picture in the file and of the output; 2^28 by default. */
  maxPixels?: number;
  /** Ends the work; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

export interface InfoOptions {
  /** Largest number of pixels of the picture in the file; 2^28 by default. */
  maxPixels?: number;
  signal?: AbortSignal;
}

/** What the header of a file says. */
export interface Info {
  width: number;
  height: number;
  layout: "gray" | "gray_alpha" | "rgb" | "rgba";
  /** Name of the codec, or null for one that is not decoded here. */
  codec: "tiled-dct" | "dfm" | "sparse-dct" | null;
  /** Its number in the file. */
  codecId: number;
  /** Whether the first bytes of the file show something, by `maxBytes`. */
  isProgressive: boolean;
  /** ICC colour profile; null for none, which means sRGB. */
  icc: Uint8Array | null;
  /** EXIF block from its TIFF header on; its orientation is not applied to the pixels. */
  exif: Uint8Array | null;
  /** Horizontal and vertical resolution, dots per inch. */
  dpi: [horizontal: number, vertical: number] | null;
}

export type Bytes = ArrayBuffer | ArrayBufferView | Blob;

export type ErrorCode =
  | "NOT_A_BITSTREAM"
  | "UNSUPPORTED_VERSION"
  | "UNSUPPORTED_CODEC"
  | "TRUNCATED"
  | "CORRUPT"
  | "LIMIT_EXCEEDED"
  | "BAD_ARGUMENT"
  | "NO_DATA"
  | "NO_MEMORY"
  | "STOPPED"
  | "INTERNAL";

/** A file or an option that cannot be decoded. */
export class OvertoneError extends Error {
  constructor(code: ErrorCode, text: string, offset?: number | null);
  readonly code: ErrorCode;
  /** Byte of the file where the fault was found, or null. */
  readonly offset: number | null;
}

/** What a file holds, from its first bytes: those of the header and the metadata are enough. */
export function info(bytes: Bytes, options?: InfoOptions): Promise<Info>;

/** The same as a PNG file with the colour profile and the orientation, to be shown as an image. */
export function decodeToPng(bytes: Bytes, options?: DecodeOptions): Promise<Blob>;

/** Ends the thread that decodes; another one starts when it is needed. */
export function close(): void;
