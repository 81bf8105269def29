// What decoding can raise, and how it travels between a worker and a page.

/** A file or an option that cannot be decoded; `code` says which kind of fault it is. */
export class OvertoneError extends Error {
  /**
   * @param {string} code
   * @param {string} text
   * @param {number | null} [offset] byte of the file where the fault was found
   */
  constructor(code, text, offset = null) {
    super(offset === null ? text : `${text} (at byte ${offset})`);
    this.name = "OvertoneError";
    this.code = code;
    this.offset = offset;
  }
}

/** Whether an error is none of a file or an option, so that the decoder may be in any state. */
export function isFatal(error) {
  return !(error instanceof OvertoneError) || error.code === "INTERNAL";
}

/** An error as a message to another thread; only what the package raises keeps its code. */
export function packed(error) {
  if (error instanceof OvertoneError) {
    return { code: error.code, message: error.message, offset: error.offset };
  }
  if (error instanceof RangeError) {
    return { code: "NO_MEMORY", message: `the picture cannot be held: ${error.message}`, offset: null };
  }
  return { code: "INTERNAL", message: String(error?.message ?? error), offset: null };
}

/** The error that `packed` took apart. */
export function unpacked({ code, message, offset }) {
  const error = new OvertoneError(code, message);
  error.offset = offset;
  return error;
}
