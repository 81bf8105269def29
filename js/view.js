// From `scale`, `size` and `crop` to the box and the size that are decoded; texts as in Python.
import { OvertoneError } from "./errors.js";

export const DEFAULT_MAX_PIXELS = 2 ** 28;

function refuse(text) {
  throw new OvertoneError("BAD_ARGUMENT", text);
}

/** Six significant digits, as printf's %g gives them. */
function short(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const exponent = value === 0 ? 0 : Number(value.toExponential(5).split("e")[1]);
  if (exponent >= -4 && exponent < 6) return String(Number(value.toPrecision(6)));
  const [digits] = value.toExponential(5).split("e");
  const sign = exponent < 0 ? "-" : "+";
  return `${Number(digits)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** To the nearest whole number, halves to the even one. */
function rounded(value) {
  const below = Math.floor(value);
  const isHalf = value - below === 0.5;
  return isHalf ? below + (below % 2) : Math.round(value);
}

function numbers(name, value, count, meaning) {
  const list = Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value) : null;
  if (list?.length === count && list.every((each) => typeof each === "number")) return list;
  return refuse(`${name} must be ${count} numbers (${meaning})`);
}

function checkedCrop(width, height, crop) {
  if (crop === undefined || crop === null) return [0, 0, width, height];
  const [x, y, boxWidth, boxHeight] = numbers("crop", crop, 4, "left, top, width, height");
  const isInside =
    [x, y, boxWidth, boxHeight].every(Number.isFinite) &&
    Math.min(x, y) >= 0 &&
    Math.min(boxWidth, boxHeight) > 0 &&
    x + boxWidth <= width &&
    y + boxHeight <= height;
  if (!isInside) {
    refuse(
      `crop ${[x, y, boxWidth, boxHeight].map(short).join(",")} (left, top, width, height) ` +
        `is not inside the picture of ${width}x${height} pixels`,
    );
  }
  return [x, y, boxWidth, boxHeight];
}

/** The view of a picture of `width` x `height` that the options ask for. */
export function resolveView(width, height, { scale, size, crop, maxPixels = DEFAULT_MAX_PIXELS }) {
  const [x, y, boxWidth, boxHeight] = checkedCrop(width, height, crop);
  const hasSize = size !== undefined && size !== null;
  if (scale !== undefined && scale !== null && hasSize) refuse("give scale or size, not both");
  let outWidth;
  let outHeight;
  if (hasSize) {
    [outWidth, outHeight] = numbers("size", size, 2, "width, height");
    if (!Number.isInteger(outWidth) || !Number.isInteger(outHeight)) {
      refuse(`size must be whole numbers, got ${short(outWidth)}x${short(outHeight)}`);
    }
  } else {
    let factor = scale ?? 1;
    if (typeof factor !== "number" || !(Number.isFinite(factor) && factor > 0)) {
      refuse(`scale must be a positive number, got ${short(Number(factor))}`);
    }
    factor = Math.min(factor, maxPixels + 1);
    outWidth = Math.max(1, rounded(boxWidth * factor));
    outHeight = Math.max(1, rounded(boxHeight * factor));
  }
  if (outWidth < 1 || outHeight < 1) {
    refuse(`size must be at least 1x1, got ${outWidth}x${outHeight}`);
  }
  if (outWidth * outHeight > maxPixels) {
    refuse(
      `output of ${outWidth}x${outHeight} pixels is over the limit of ${maxPixels}; ` +
        "ask for a smaller one or raise max_pixels",
    );
  }
  return { x, y, width: boxWidth, height: boxHeight, outWidth, outHeight };
}
