// Two pictures of one scene under a boundary that moves, with zoom; a side may be decoded anew for what is seen.

import { make } from "/static/dom.js";

const MAX_ZOOM = 64, SHARP_AFTER_MS = 150, MAX_SHARP_PIXELS = 8e6;
const KEY_STEPS = { ArrowLeft: -2, ArrowRight: 2, ArrowDown: -2, ArrowUp: 2, PageDown: -10, PageUp: 10 };

/**
 * A side is { image, width, height, sharpen? }: width and height in pixels of the scene, whatever the image has;
 * `sharpen(crop, size, signal)` gives the part [x, y, width, height] at a size, or is not there.
 */
export class SplitView {
  constructor(root, label) {
    this.sides = [null, null];
    this.sharp = [null, null];
    this.split = 0.5;
    this.zoom = 1;
    this.center = [0, 0];
    this.isFitted = true;
    this.canvas = make("canvas", {});
    this.handle = make("div", { className: "handle", tabIndex: 0, role: "slider", "aria-label": "Boundary between the two pictures",
      "aria-valuemin": "0", "aria-valuemax": "100" });
    this.stage = make("div", { className: "stage", tabIndex: 0, role: "img", "aria-label":
      `${label}. Plus and minus zoom, 0 fits, 1 is actual size, arrows move.` }, this.canvas);
    this.readout = make("output", { className: "zoom-shown" });
    const button = (text, title, act) => {
      const made = make("button", { type: "button", title, "aria-label": title }, text);
      made.addEventListener("click", act);
      return made;
    };
    this.tools = make("div", { className: "tools" }, button("−", "Zoom out", () => this.zoomBy(1 / 1.5)), this.readout,
      button("+", "Zoom in", () => this.zoomBy(1.5)), button("Fit", "Fit the picture", () => this.fit()),
      button("1:1", "Actual size", () => this.zoomTo(1 / devicePixelRatio)));
    root.append(this.stage, this.handle, this.tools);
    this.root = root;
    this._listen();
    new ResizeObserver(() => this._resized()).observe(this.stage);
    this.setSplit(0.5);
  }

  /** Shows a side, 0 left or 1 right; the view stays unless the scene has another size. */
  show(index, side) {
    const before = this.sides[0] ?? this.sides[1];
    this.sides[index] = side;
    this.sharp[index] = null;
    if (side && (!before || before.width !== side.width || before.height !== side.height)) this.fit();
    else this._changed();
  }

  clear() {
    this.sides = [null, null];
    this.sharp = [null, null];
    this._changed();
  }

  setSplit(share) {
    this.split = Math.min(1, Math.max(0, share));
    this.handle.style.left = `${100 * this.split}%`;
    this.handle.setAttribute("aria-valuenow", Math.round(100 * this.split));
    this._draw();
  }

  fit() {
    this.isFitted = true;
    this._fit();
    this._changed();
  }

  zoomTo(zoom, at = null) {
    const [width, height] = this._size();
    const point = at ?? [width / 2, height / 2];
    const scene = point.map((value, axis) => this.center[axis] + (value - [width, height][axis] / 2) / this.zoom);
    this.isFitted = false;
    this.zoom = Math.min(MAX_ZOOM, Math.max(Math.min(this._fitted(), 1 / devicePixelRatio) / 4, zoom));
    this.center = scene.map((value, axis) => value - (point[axis] - [width, height][axis] / 2) / this.zoom);
    this._changed();
  }

  zoomBy(factor, at = null) {
    this.zoomTo(this.zoom * factor, at);
  }

  moveBy(dx, dy) {
    this.isFitted = false;
    this.center = [this.center[0] - dx / this.zoom, this.center[1] - dy / this.zoom];
    this._changed();
  }

  _scene() {
    return this.sides[0] ?? this.sides[1];
  }

  _size() {
    return [this.stage.clientWidth, this.stage.clientHeight];
  }

  _fitted() {
    const scene = this._scene(), [width, height] = this._size();
    return scene && width && height ? Math.min(width / scene.width, height / scene.height) : 1;
  }

  _fit() {
    const scene = this._scene();
    if (!scene) return;
    this.zoom = this._fitted();
    this.center = [scene.width / 2, scene.height / 2];
  }

  _resized() {
    const [width, height] = this._size();
    if (!width) return;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    if (this.isFitted) this._fit();
    this._changed();
  }

  _changed() {
    const scene = this._scene();
    if (scene) {
      this.center = [Math.min(scene.width, Math.max(0, this.center[0])), Math.min(scene.height, Math.max(0, this.center[1]))];
    }
    this.readout.textContent = `${Math.round(100 * this.zoom * devicePixelRatio)} %`;
    this._draw();
    this._sharpenSoon();
  }

  /** Device pixels per pixel of the scene, and where the scene's corner is on the canvas: at a whole pixel. */
  _frame() {
    const scale = this.zoom * devicePixelRatio;
    return [scale, Math.round(this.canvas.width / 2 - this.center[0] * scale), Math.round(this.canvas.height / 2 - this.center[1] * scale)];
  }

  _draw() {
    const context = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    context.clearRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    const boundary = Math.round(this.split * width);
    this.sides.forEach((side, index) => {
      if (!side) return;
      context.save();
      context.beginPath();
      context.rect(index ? boundary : 0, 0, index ? width - boundary : boundary, height);
      context.clip();
      const [scale, left, top] = this._frame();
      context.drawImage(side.image, left, top, side.width * scale, side.height * scale);
      const sharp = this.sharp[index];
      if (sharp) {
        const [x, y, w, h] = sharp.crop;
        context.drawImage(sharp.image, left + x * scale, top + y * scale, w * scale, h * scale);
      }
      context.restore();
    });
  }

  /** The part of the scene that is seen, in whole pixels of it, and its size on the screen. */
  _seen() {
    const scene = this._scene(), [scale, left, top] = this._frame();
    const from = [left, top].map((value) => Math.max(0, Math.floor(-value / scale)));
    const to = [[left, this.canvas.width, scene.width], [top, this.canvas.height, scene.height]]
      .map(([start, length, end]) => Math.min(end, Math.ceil((length - start) / scale)));
    const crop = [from[0], from[1], to[0] - from[0], to[1] - from[1]];
    if (crop[2] < 1 || crop[3] < 1) return null;
    const factor = Math.min(scale, Math.sqrt(MAX_SHARP_PIXELS / (crop[2] * crop[3])));
    return { crop, size: [Math.max(1, Math.round(crop[2] * factor)), Math.max(1, Math.round(crop[3] * factor))] };
  }

  _sharpenSoon() {
    clearTimeout(this.timer);
    this.request?.abort();
    delete this.stage.dataset.sharp;
    const scale = this.zoom * devicePixelRatio;
    if (scale <= 1.001) {
      this.sharp = [null, null];
      return;
    }
    if (this.sides.some((side) => side?.sharpen)) this.timer = setTimeout(() => this._sharpen(), SHARP_AFTER_MS);
  }

  async _sharpen() {
    const seen = this._scene() && this._seen();
    if (!seen) return;
    const { signal } = (this.request = new AbortController());
    try {
      for (const [index, side] of this.sides.entries()) {
        if (!side?.sharpen) continue;
        const image = await side.sharpen(seen.crop, seen.size, signal);
        if (signal.aborted || this.sides[index] !== side) return;
        this.sharp[index] = { crop: seen.crop, image };
        this._draw();
      }
      this.stage.dataset.sharp = `${seen.crop.join(",")}@${seen.size.join("x")}`;
    } catch (error) {
      if (error.name !== "AbortError") this.stage.dispatchEvent(new CustomEvent("failure", { detail: error, bubbles: true }));
    }
  }

  _listen() {
    const place = (event) => {
      const box = this.stage.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this._drag(this.handle, (event) => this.setSplit(place(event)[0] / this._size()[0]));
    this.handle.addEventListener("keydown", (event) => {
      const ends = { Home: 0, End: 1 };
      if (event.key in KEY_STEPS) this.setSplit(this.split + KEY_STEPS[event.key] / 100);
      else if (event.key in ends) this.setSplit(ends[event.key]);
      else return;
      event.preventDefault();
    });
    this.stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-0.0015 * event.deltaY * (event.deltaMode ? 20 : 1)), place(event));
    }, { passive: false });
    this.stage.addEventListener("dblclick", (event) => this.zoomBy(2, place(event)));
    this.stage.addEventListener("keydown", (event) => this._key(event));
    const fingers = new Map();
    this._drag(this.stage, (event) => {
      const now = place(event), before = fingers.get(event.pointerId);
      fingers.set(event.pointerId, now);
      if (!before) return;
      const other = [...fingers].find(([key]) => key !== event.pointerId)?.[1];
      if (!other) return this.moveBy(now[0] - before[0], now[1] - before[1]);
      const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
      this.zoomBy(apart(now) / apart(before), other);
    }, (event) => fingers.delete(event.pointerId));
  }

  _drag(element, move, end = () => {}) {
    element.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      element.setPointerCapture(event.pointerId);
      move(event);
    });
    element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && move(event));
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, end);
  }

  _key(event) {
    const step = 60;
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key === "+" || event.key === "=") this.zoomBy(1.5);
    else if (event.key === "-") this.zoomBy(1 / 1.5);
    else if (event.key === "0") this.fit();
    else if (event.key === "1") this.zoomTo(1 / devicePixelRatio);
    else if (event.key in moves) this.moveBy(...moves[event.key]);
    else return;
    event.preventDefault();
  }
}
