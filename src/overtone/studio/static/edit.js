// Edit: frequencies changed with a preview that follows every control.

import { Stopped, bitmap, fileAt, upload, work } from "/static/api.js";
import { $, acceptDrops, cycles, make, say } from "/static/dom.js";
import { Spectrum } from "/static/spectrum.js";
import { SplitView } from "/static/split_view.js";

const BANDS = ["low", "mid", "high"], MAX_GAIN = 3;
const WHOLE_AFTER_MS = 600;  // after the last movement a large picture is edited whole
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
const CLOSELY_PIXELS = 2e6;  // in larger pictures patterns are looked for closely only when asked for

export class Edit {
  constructor() {
    this.view = new SplitView($("edit-viewer"), "Before and after");
    $("edit-viewer").append(make("span", { className: "pick left" }, "before"), make("span", { className: "pick right" }, "after"));
    this.spectrum = new Spectrum(() => this.changed());
    this.gains = BANDS.map((band) => this._gain(band));
    const form = $("edit-form");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => this._reset()));
    for (const id of ["band-from", "band-to", "band-gain", "luma", "match", "mix", "cutoff"]) {
      $(id).addEventListener("input", () => this.changed());
    }
    $("threshold").addEventListener("input", () => this._showNumbers());
    $("threshold").addEventListener("change", () => this.analyse(true));
    $("closely").addEventListener("click", () => this.analyse(true));
    $("other").addEventListener("change", () => $("other").files[0] && this._openOther($("other").files[0]));
    acceptDrops($("other-drop"), (file) => this._openOther(file));
    this._showNumbers();
  }

  /** Takes another picture; it is looked at once the page of it is. */
  open(picture, original) {
    this.picture = picture;
    this.original = { image: original, width: picture.width, height: picture.height };
    this.facts = null;
    this.spectrum.clear();
    this.view.clear();
    this.view.show(0, this.original);
    this.view.show(1, this.original);
    $("download-png").hidden = true;
    if (!$("edit").hidden) this.look();
  }

  /** Called when the page is shown. */
  look() {
    if (this.picture && !this.facts && !this.isAnalysing) this.analyse();
  }

  async analyse(isAsked = false) {
    if (!this.picture) return;
    const picture = this.picture;
    const closely = isAsked || picture.width * picture.height <= CLOSELY_PIXELS;
    this.analysis?.stop();
    const job = (this.analysis = work("analyse",
      { picture: picture.key, closely, threshold_db: Number($("threshold").value) }, { label: "Spectrum" }));
    this.isAnalysing = true;
    try {
      const [facts] = await job.done;
      if (picture !== this.picture) return;
      this.facts = facts;
      this.spectrum.show(facts);
      $("closely").hidden = facts.closely;
      this._showNumbers();
      this.changed();
    } catch (error) {
      if (!(error instanceof Stopped)) say(error.message);
    } finally {
      if (this.analysis === job) this.isAnalysing = false;
    }
  }

  /** A control was moved: the preview follows, the latest state only. */
  async changed() {
    this._showNumbers();
    if (!this.picture) return;
    this.isStale = true;
    this.whole?.stop();
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      while (this.isStale) {
        this.isStale = false;
        const isReduced = await this._preview(true);
        if (isReduced) await pause(WHOLE_AFTER_MS);
        if (isReduced && !this.isStale) await this._preview(false);
      }
      say("");
    } catch (error) {
      if (!(error instanceof Stopped)) say(error.message);
    } finally {
      this.isBusy = false;
    }
  }

  async _preview(quick) {
    const picture = this.picture, asked = this._asked();
    $("download-png").hidden = true;
    if (!asked) {
      this.view.show(1, this.original);
      $("edit-viewer").dataset.state = "same";
      return false;
    }
    if (quick) $("edit-viewer").dataset.state = "working";
    const job = work("edit", { picture: picture.key, ...asked, quick }, { label: "Editing" });
    this.whole = quick ? null : job;
    let facts;
    try {
      [facts] = await job.done;
    } catch (error) {
      if (error instanceof Stopped && this.isStale) return false;
      throw error;
    } finally {
      this.whole = null;
    }
    const path = fileAt(facts.files.result), image = await bitmap(path);
    if (picture !== this.picture) return false;
    this.view.show(1, { image, width: picture.width, height: picture.height });
    if (!facts.is_reduced) {
      const link = $("download-png");
      link.href = path;
      link.download = `${picture.name.replace(/\.[^.]*$/, "")}-edited.png`;
      link.hidden = false;
    }
    $("edit-viewer").dataset.state = facts.is_reduced ? "quick" : "done";
    return facts.is_reduced;
  }

  /** What the controls ask for; null where that is nothing. */
  _asked() {
    const [from, to, gain] = ["band-from", "band-to", "band-gain"].map((id) => $(id).valueAsNumber);
    let gains = this.gains.map((input, index) => ({ band: BANDS[index], factor: Number(input.value) }));
    if (Number.isFinite(from) && Number.isFinite(gain)) {
      gains = [{ band: `${from}-${Number.isFinite(to) ? to : ""}`, factor: gain }];
    }
    gains = gains.filter((each) => each.factor !== 1);
    const patterns = this.spectrum.on();
    const match = $("match").checked, mix = $("mix").checked;
    if (!gains.length && !patterns.length && !match && !mix) return null;
    return { gains, patterns, match, mix, other: match || mix ? this.other.key : null, cutoff: mix ? this._cutoff() : null,
      luma_only: $("luma").checked };
  }

  /** From 1 cycle per image to the highest, by octaves. */
  _cutoff() {
    const highest = Math.max(this.picture?.width ?? 2, this.picture?.height ?? 2) / 2;
    return Math.max(highest, 1) ** (Number($("cutoff").value) / 100);
  }

  _gain(band) {
    const shown = make("output", {}), input = make("input", { type: "range", id: `gain-${band}`, min: 0, max: MAX_GAIN, step: 0.05, value: 1 });
    input.setAttribute("value", "1");  // what a reset goes back to
    input.addEventListener("input", () => this.changed());
    input.shown = shown;
    $("gains").append(make("label", { className: "row", htmlFor: input.id }, make("span", { id: `about-${band}` }, band), shown), input);
    return input;
  }

  _showNumbers() {
    this.gains.forEach((input) => (input.shown.textContent = `× ${Number(input.value).toFixed(2)}`));
    $("threshold-shown").textContent = `${$("threshold").value} dB`;
    $("cutoff-shown").textContent = this.picture ? `${cycles(this._cutoff())} cycles per image` : "";
    if (!this.facts) return;
    const { low_edge: low, high_edge: high, shares } = this.facts;
    const ranges = [`to ${cycles(low)}`, `${cycles(low)} to ${cycles(high)}`, `from ${cycles(high)}`];
    BANDS.forEach((band, index) => {
      const share = shares ? `, ${(100 * shares[index]).toFixed(0)} %` : "", label = $(`about-${band}`);
      label.replaceChildren(`${band} `, make("span", { className: "quiet" }, `${ranges[index]} cycles${share}`));
      label.title = `${ranges[index]} cycles per image${share && `${share} of the picture's variance`}`;
    });
  }

  async _openOther(file) {
    try {
      this.other = await upload(file);
    } catch (error) {
      say(error.message);
      return;
    }
    say("");
    $("other-name").textContent = `${this.other.name}, ${this.other.width}×${this.other.height}`;
    for (const id of ["match", "mix", "cutoff"]) $(id).disabled = false;
    this.changed();
  }

  _reset() {
    this.spectrum.switchAll(false);
    this.changed();
  }
}
