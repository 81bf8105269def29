// Shows <img src="a.ovt"> in browsers that do not know the format:
//
//     <script type="module" src="https://.../overtone-image/polyfill.js"></script>
//
// Images that are there, and those that come later, by markup or by script. A file whose codec is
// progressive is shown as it arrives. What cannot be shown is a broken image, as any other is.
import { Arriving } from "./arriving.js";
import { decodeToPng, info } from "./index.js";
import { candidatesOf, descriptorFor, hrefOf } from "./srcset.js";

const ENDING = /\.ovt$/i;
const REFRESH_MS = 150; // between two states of a picture that is arriving, at least
const MAX_PIXELS = 2 ** 26; // of a picture; a file of some bytes may tell of many more
const NEAR = "1250px"; // how far below the visible part a lazy image begins to load

/** What is known of an image: `phase` is "loading", "last", "shown" or "broken". */
const states = new WeakMap();

function isOvt(url) {
  const href = hrefOf(url, document.baseURI);
  return href !== null && ENDING.test(new URL(href).pathname);
}

/** The address that the browser chose of an image, and what its `srcset` says about it. */
function choiceOf(image) {
  const [source, srcset] = ["src", "srcset"].map((name) => image.getAttribute(name));
  const { ovtSrc } = image.dataset;
  // One of ours that was taken out of the page and put back, or a copy of it.
  if (ovtSrc && !states.has(image) && (!source || /^(blob|data):/.test(source))) {
    const descriptor = candidatesOf(srcset ?? "")[0]?.descriptor;
    return { url: ovtSrc, descriptor, written: attributesFor(ovtSrc, descriptor) };
  }
  const url = image.currentSrc || image.src;
  if (!url || !isOvt(url)) return null;
  const descriptor = descriptorFor(srcset ?? "", url, document.baseURI);
  // Neither of its own attributes: it is of a <source>, which would go on to win over them.
  if (descriptor === null && url !== image.src) return null;
  return { url, descriptor, written: { src: source, srcset } };
}

/** The attributes for an address. Beside a density other than 1, a `src` would count as 1x. */
function attributesFor(address, descriptor) {
  if (!descriptor) return { src: address, srcset: null };
  const isAlone = descriptor.endsWith("x") && descriptor !== "1x";
  return { src: isAlone ? null : address, srcset: `${address} ${descriptor}` };
}

/** A picture of nothing that keeps the place. */
function placeholder(width, height) {
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' width='${width}' height='${height}'/>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`; // no spaces: it goes into a srcset
}

/** Gives an image another source; `own` lets it be told from one that the page gives it. */
function setSource(image, state, address, descriptor) {
  setAttributes(image, state, attributesFor(address, descriptor));
}

function setAttributes(image, state, { src, srcset }) {
  state.own = { src, srcset };
  for (const [name, value] of [
    ["srcset", srcset],
    ["src", src],
  ]) {
    if (value !== null) image.setAttribute(name, value);
    else image.removeAttribute(name);
  }
}

function isOwn(image, { own }) {
  return image.getAttribute("src") === own.src && image.getAttribute("srcset") === own.srcset;
}

function release(state) {
  if (state.blobUrl) URL.revokeObjectURL(state.blobUrl);
  state.blobUrl = null;
}

/** Shows a PNG file in the place of the picture; resolves when the browser has it. */
function show(image, state, png) {
  const before = state.blobUrl;
  state.blobUrl = URL.createObjectURL(png);
  setSource(image, state, state.blobUrl, state.descriptor);
  if (before) image.decode().catch(() => {}).then(() => URL.revokeObjectURL(before));
}

/** The image as its author wrote it, which the browser cannot show: it says so, with the text. */
function giveUp(image, state, error) {
  state.phase = "broken";
  state.controller.abort(); // what may still be coming is of no use
  console.warn(`${state.url}: ${error.message}`);
  setAttributes(image, state, state.written);
  release(state);
}

function start(image) {
  const choice = choiceOf(image);
  if (choice === null) return;
  stop(image);
  const state = {
    ...choice,
    phase: "loading",
    controller: new AbortController(),
    blobUrl: null,
  };
  states.set(image, state);
  image.dataset.ovtSrc = state.url;
  // This also ends the browser's own request. Without a size there is no place to keep, and the
  // text stands in for the picture until the header is there.
  const [width, height] = ["width", "height"].map((name) => parseInt(image.getAttribute(name), 10));
  const hasPlace = width > 0 && height > 0;
  const src = hasPlace ? placeholder(width, height) : null;
  setAttributes(image, state, { src, srcset: null });
  load(image, state).then(
    () => (state.phase = "shown"),
    (error) => {
      if (!state.controller.signal.aborted) giveUp(image, state, error);
    },
  );
}

/** An image that has got another source, or has gone: nothing more happens to it. */
function stop(image) {
  const state = states.get(image);
  if (!state) return;
  states.delete(image);
  state.controller.abort(new DOMException("the image has another source", "AbortError"));
  release(state);
}

async function load(image, state) {
  const { signal } = state.controller;
  const response = await fetch(state.url, {
    signal,
    credentials: image.crossOrigin === "use-credentials" ? "include" : "same-origin",
    referrerPolicy: image.referrerPolicy,
  });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const arriving = new Arriving(response);
  let header = null;
  for await (const bytes of arriving.states(REFRESH_MS)) {
    if (header === null) {
      header = await headerOf(bytes, signal);
      if (header === null) continue;
      if (!arriving.isOver && !image.hasAttribute("src")) {
        const address = placeholder(header.width, header.height);
        setSource(image, state, address, state.descriptor);
      }
    }
    if (!header.isProgressive) break;
    try {
      const png = await pngOf(bytes, { maxBytes: bytes.length, signal });
      if (!arriving.isOver) show(image, state, png);
    } catch (error) {
      if (signal.aborted || error.code !== "TRUNCATED") throw error;
    }
  }
  const bytes = await arriving.all();
  state.phase = "last";
  show(image, state, await whole(bytes, signal, state.url));
  await image.decode();
}

function pngOf(bytes, options) {
  return decodeToPng(bytes, { maxPixels: MAX_PIXELS, ...options });
}

/** What the first bytes of a file say about it, or null if they are too few. */
async function headerOf(bytes, signal) {
  try {
    return await info(bytes, { maxPixels: MAX_PIXELS, signal });
  } catch (error) {
    if (error.code === "TRUNCATED") return null;
    throw error;
  }
}

/** The picture of a whole file, or of what there is of one that was cut short. */
async function whole(bytes, signal, url) {
  try {
    return await pngOf(bytes, { signal });
  } catch (error) {
    if (error.code !== "TRUNCATED") throw error;
    const png = await pngOf(bytes, { maxBytes: bytes.length, signal }).catch(() => {
      throw error;
    });
    console.warn(`${url}: ${error.message}; what has arrived is shown`);
    return png;
  }
}

/** An image that is new, or whose attributes have changed. */
function consider(image) {
  if (image.loading !== "lazy" || !nearby) start(image);
  else if (choiceOf(image) !== null) nearby.observe(image);
}

const nearby =
  typeof IntersectionObserver === "undefined"
    ? null
    : new IntersectionObserver(
        (entries) => {
          for (const { isIntersecting, target } of entries) {
            if (!isIntersecting) continue;
            nearby.unobserve(target);
            start(target);
          }
        },
        { rootMargin: NEAR },
      );

function imagesIn(node) {
  if (node instanceof HTMLImageElement) return [node];
  return node.querySelectorAll ? [...node.querySelectorAll("img")] : [];
}

function handle(records) {
  for (const { type, target, addedNodes, removedNodes } of records) {
    if (type === "attributes") {
      if (!(target instanceof HTMLImageElement)) continue;
      const state = states.get(target);
      if (state && isOwn(target, state)) continue;
      stop(target);
      delete target.dataset.ovtSrc;
      consider(target);
    }
    for (const node of removedNodes) imagesIn(node).forEach((image) => image.isConnected || stop(image));
    for (const node of addedNodes) {
      imagesIn(node).forEach((image) => states.has(image) || consider(image));
    }
  }
}

/** Tells a page of an image only what a browser with the format would tell. */
function filter(event) {
  const image = event.target;
  if (!(image instanceof HTMLImageElement)) return;
  const state = states.get(image);
  if (event.type === "load") {
    if (state?.phase === "loading") event.stopImmediatePropagation();
  } else if (state?.phase === "loading") {
    event.stopImmediatePropagation();
  } else if (!state && choiceOf(image) !== null) {
    event.stopImmediatePropagation();
    start(image);
  }
}

/** Looks after the images in a document or a shadow root from now on. */
export function watch(root = document) {
  const what = { childList: true, subtree: true, attributeFilter: ["src", "srcset"] };
  new MutationObserver(handle).observe(root, what);
  for (const type of ["load", "error"]) root.addEventListener(type, filter, true);
  for (const image of root.querySelectorAll("img")) consider(image);
}

watch();
