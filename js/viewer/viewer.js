// A picture to zoom into: at once the pixels there are, then the part that is seen, decoded again
// at the resolution of the screen.
import { decode, info } from "../index.js";

const MAX_ZOOM = 64; // device pixels of the screen for one of the picture
const OVERVIEW_PIXELS = 1 << 21; // of the whole picture, kept to show something at once
const SETTLE_MS = 120; // without a movement, before the part is decoded
const STEP = 1.25;

const stage = document.querySelector("main");
const canvas = document.querySelector("canvas");
const status = document.querySelector("output");
const alert = document.querySelector("[role=alert]");
const context = canvas.getContext("2d");

/** The picture: name, bytes, header, `overview`, and `detail`, the part that was decoded last. */
let picture = null;
/** Which point of the picture is in the middle, and how many device pixels one of it takes. */
const look = { x: 0, y: 0, zoom: 1 };
let work = new AbortController();
let timer = 0;

function fitZoom() {
  const { width, height } = picture.header;
  return Math.min(canvas.width / width, canvas.height / height);
}

/** Keeps the view on the picture. */
function settleLook() {
  const { width, height } = picture.header;
  const least = Math.min(fitZoom(), 1);
  look.zoom = Math.min(Math.max(look.zoom, least), MAX_ZOOM);
  const along = (value, length, seen) => {
    const half = seen / look.zoom / 2;
    return half * 2 >= length ? length / 2 : Math.min(Math.max(value, half), length - half);
  };
  look.x = along(look.x, width, canvas.width);
  look.y = along(look.y, height, canvas.height);
}

/** Where the picture begins on the canvas along one axis: at a whole pixel. */
function startOf(middle, room) {
  return Math.round(room / 2 - middle * look.zoom);
}

/**
 * The part of the picture that is seen: `place` and `size` in whole pixels of the canvas, and
 * `crop`, the same in pixels of the picture.
 */
function seen() {
  const along = (middle, length, room) => {
    const start = startOf(middle, room);
    const first = Math.max(0, start);
    const last = Math.min(room, Math.round(start + length * look.zoom));
    const [from, to] = [first, Math.max(first + 1, last)].map((at) =>
      Math.min(Math.max((at - start) / look.zoom, 0), length),
    );
    return { place: first, size: Math.max(1, last - first), from, length: to - from };
  };
  const { width, height } = picture.header;
  const x = along(look.x, width, canvas.width);
  const y = along(look.y, height, canvas.height);
  return {
    place: [x.place, y.place],
    size: [x.size, y.size],
    crop: [x.from, y.from, x.length, y.length],
  };
}

function paint(image, [left, top, width, height]) {
  const x = left * look.zoom + startOf(look.x, canvas.width);
  const y = top * look.zoom + startOf(look.y, canvas.height);
  context.drawImage(image, x, y, width * look.zoom, height * look.zoom);
}

function draw() {
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (picture === null) return;
  const { width, height, codec } = picture.header;
  const whole = [0, 0, width, height];
  if (picture.overview) paint(picture.overview, whole);
  const { detail } = picture;
  if (detail && ["x", "y", "zoom"].every((name) => detail.look[name] === look[name])) {
    context.drawImage(detail.image, ...detail.place);
  } else if (detail) {
    paint(detail.image, detail.crop);
  }
  const percent = Math.round(100 * look.zoom);
  status.textContent = `${picture.name}: ${width}×${height}, ${codec}, ${picture.bytes.length.toLocaleString("en")} bytes, ${percent} %`;
}

/** Draws now, and the part that is seen sharp once nothing has moved for a moment. */
function refresh() {
  settleLook();
  draw();
  work.abort();
  clearTimeout(timer);
  canvas.dataset.state = "coarse";
  timer = setTimeout(() => sharpen().catch(tell), SETTLE_MS);
}

async function sharpen() {
  work = new AbortController();
  const { signal } = work;
  const current = picture;
  const { place, size, crop } = seen();
  const at = { ...look };
  const pixels = await decode(current.bytes, { crop, size, signal });
  const image = await createImageBitmap(pixels);
  if (signal.aborted || current !== picture) return;
  picture.detail = { image, place, crop, look: at };
  draw();
  canvas.dataset.state = "sharp";
}

function tell(error) {
  if (error.name === "AbortError") return;
  alert.textContent = `${picture?.name ?? "The file"} cannot be shown: ${error.message}`;
  canvas.dataset.state = "failed";
}

async function open(file) {
  work.abort();
  clearTimeout(timer);
  alert.textContent = "";
  picture = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  const opened = picture;
  try {
    const header = await info(opened.bytes);
    const { width, height } = header;
    const scale = Math.min(1, Math.sqrt(OVERVIEW_PIXELS / (width * height)));
    const overview = await createImageBitmap(await decode(opened.bytes, { scale }));
    if (opened !== picture) return;
    Object.assign(picture, { header, overview });
  } catch (error) {
    if (opened !== picture) return;
    tell(error);
    picture = null;
    setControls(false);
    draw();
    return;
  }
  canvas.setAttribute("aria-label", `${file.name}, ${picture.header.width} by ${picture.header.height} pixels`);
  setControls(true);
  actions.fit();
  stage.focus();
}

function setControls(areOn) {
  for (const button of document.querySelectorAll("button")) button.disabled = !areOn;
  if (!areOn) canvas.setAttribute("aria-label", "No picture");
}

/** Zooms about a point of the canvas that stays where it is. */
function zoomBy(factor, x = canvas.width / 2, y = canvas.height / 2) {
  const before = look.zoom;
  look.zoom *= factor;
  const [dx, dy] = [x - canvas.width / 2, y - canvas.height / 2];
  look.zoom = Math.min(look.zoom, MAX_ZOOM);
  look.x += dx / before - dx / look.zoom;
  look.y += dy / before - dy / look.zoom;
  refresh();
}

function move(dx, dy) {
  look.x += dx / look.zoom;
  look.y += dy / look.zoom;
  refresh();
}

const actions = {
  in: () => zoomBy(STEP),
  out: () => zoomBy(1 / STEP),
  one() {
    look.zoom = 1;
    refresh();
  },
  fit() {
    const { width, height } = picture.header;
    Object.assign(look, { x: width / 2, y: height / 2, zoom: fitZoom() });
    refresh();
  },
};
const PAGE = 0.1; // of the view, by one press of an arrow
const KEYS = {
  "+": actions.in,
  "=": actions.in,
  "-": actions.out,
  1: actions.one,
  0: actions.fit,
  ArrowLeft: () => move(-PAGE * canvas.width, 0),
  ArrowRight: () => move(PAGE * canvas.width, 0),
  ArrowUp: () => move(0, -PAGE * canvas.height),
  ArrowDown: () => move(0, PAGE * canvas.height),
};

addEventListener("keydown", (event) => {
  const action = KEYS[event.key];
  if (!action || !picture?.header || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
});

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => actions[button.dataset.do]());
}

document.querySelector("input").addEventListener("change", ({ target }) => {
  if (target.files.length > 0) open(target.files[0]).catch(tell);
  target.value = "";
});

stage.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    if (!picture?.header) return;
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.width / box.width;
    const [x, y] = [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
    zoomBy(STEP ** (-event.deltaY / 100), x, y);
  },
  { passive: false },
);

stage.addEventListener("pointerdown", (event) => stage.setPointerCapture(event.pointerId));
stage.addEventListener("pointermove", (event) => {
  if (!stage.hasPointerCapture(event.pointerId) || !picture?.header) return;
  move(-event.movementX * devicePixelRatio, -event.movementY * devicePixelRatio);
});

addEventListener("dragover", (event) => {
  event.preventDefault();
  stage.classList.add("over");
});
addEventListener("dragleave", () => stage.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  stage.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file) open(file).catch(tell);
});

new ResizeObserver(() => {
  const { width, height } = stage.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
  if (picture?.header) refresh();
}).observe(stage);
