// The spectrum of a picture with its patterns on it: each is a switch, there and in a list.

import { fileAt } from "/static/api.js";
import { $, cycles, make } from "/static/dom.js";

export class Spectrum {
  /** `changed` is called when a switch was moved. */
  constructor(changed) {
    this.changed = changed;
    this.patterns = [];
    this.box = $("spectrum");
    this.box.addEventListener("click", (event) => {
      if (event.target.tagName !== "IMG") return;
      const box = event.target.getBoundingClientRect();
      const place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      this.addAt(...place.map((share) => (share - 0.5) * this.extent));
    });
    $("pattern-add").addEventListener("click", () => {
      const [x, y] = [$("pattern-x").valueAsNumber, $("pattern-y").valueAsNumber];
      if (Number.isFinite(x) && Number.isFinite(y) && this.longest) {
        this.addAt(x, y);
      }
    });
  }

  /** Shows what an analysis has found; patterns that were switched on stay so where they are found again. */
  show(facts) {
    this.longest = facts.longest_px;
    this.extent = facts.extent_cycles;
    this.isReduced = facts.is_reduced;
    const were = this.patterns.filter((each) => each.isOn);
    const isSame = (one, other) => Math.hypot(one.x - other.x, one.y - other.y) < 0.5;
    this.patterns = facts.patterns.map((each) => ({ ...each, isOn: were.some((other) => isSame(each, other)) }));
    this.patterns.push(...were.filter((each) => each.isOwn && !facts.patterns.some((other) => isSame(each, other))));
    this.box.replaceChildren(make("img", { src: fileAt(facts.files.spectrum), alt:
      "Spectrum: low frequencies in the middle, patterns as bright points", draggable: false }));
    this._draw();
  }

  clear() {
    this.patterns = [];
    this.longest = 0;
    this.box.replaceChildren();
    this._draw();
  }

  /** A pattern of one's own, in cycles per image to the right and down. */
  addAt(x, y) {
    if (Math.hypot(x, y) < 1) return;
    this.patterns.push({ x, y, period_px: this.longest / Math.hypot(x, y), isOwn: true, isOn: true });
    this._draw();
    this.changed();
  }

  switchAll(isOn) {
    for (const each of this.patterns) each.isOn = isOn;
    this._draw();
  }

  on() {
    return this.patterns.filter((each) => each.isOn).map(({ x, y }) => ({ x, y }));
  }

  _draw() {
    for (const mark of this.box.querySelectorAll("button")) mark.remove();
    $("patterns").replaceChildren();
    this.patterns.forEach((each, number) => this._drawOne(each, number + 1));
    const found = this.patterns.filter((each) => !each.isOwn).length;
    const words = `${found || "No"} pattern${found === 1 ? "" : "s"} found${found ? "; switch on what is to be taken out." : "."}`;
    const finest = `Finer ones than every ${((2 * this.longest) / this.extent).toFixed(1)} px need a closer look.`;
    $("patterns-about").textContent = this.longest ? `${words}${this.isReduced ? ` ${finest}` : ""}` : "";
  }

  _drawOne(each, number) {
    const words = `${cycles(each.x)}, ${cycles(each.y)}: every ${each.period_px.toFixed(2)} px` +
      (each.isOwn ? ", of your own" : each.amplitude === null ? `, ${each.prominence_db.toFixed(0)} dB` : `, amplitude ${each.amplitude.toFixed(1)}`);
    const box = make("input", { type: "checkbox", checked: each.isOn });
    const marks = [1, -1].map((sign) => {
      const mark = make("button", { type: "button", className: "peak", title: words, tabIndex: -1,
        "aria-label": `Pattern ${number}, ${words}` });
      mark.style.left = `${50 + (100 * sign * each.x) / this.extent}%`;
      mark.style.top = `${50 + (100 * sign * each.y) / this.extent}%`;
      mark.addEventListener("click", () => box.click());
      return mark;
    });
    const show = () => marks.forEach((mark) => mark.setAttribute("aria-pressed", each.isOn));
    box.addEventListener("change", () => {
      each.isOn = box.checked;
      show();
      this.changed();
    });
    show();
    this.box.append(...marks);
    $("patterns").append(make("li", {}, make("label", { className: "check" }, box, ` ${words}`)));
  }
}
