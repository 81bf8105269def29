import type { Bytes, DecodeOptions } from "./types.js";

export * from "./types.js";

/** The pixels of a file, at any size and of any part, decoded on another thread. */
export function decode(bytes: Bytes, options?: DecodeOptions): Promise<ImageData>;
