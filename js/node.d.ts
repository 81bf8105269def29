import type { Bytes, DecodeOptions } from "./types.js";

export * from "./types.js";

/** 8 bits a sample, four channels, straight alpha. */
export interface Pixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly colorSpace: "srgb";
}

/** The pixels of a file, at any size and of any part, decoded on another thread. */
export function decode(bytes: Bytes, options?: DecodeOptions): Promise<Pixels>;
