// Compare: one picture by several codecs at equal bytes, two of them under a boundary.

import { Stopped, bitmap, fileAt, work } from "/static/api.js";
import { $, make, say, seconds } from "/static/dom.js";
import { SplitView } from "/static/split_view.js";

const ORIGINAL = "original", OURS = "tiled-dct", OTHERS = ["jpeg", "webp", "avif"];
const LOWEST_BPP = 0.05, HIGHEST_BPP = 2;

const bppAt = (place) => LOWEST_BPP * (HIGHEST_BPP / LOWEST_BPP) ** (place / 100);

export class Compare {
  constructor() {
    this.view = new SplitView($("compare-viewer"), "Two files of one picture");
    this.sources = new Map();
    this.chosen = [OTHERS[0], OURS];
    this.picks = this.chosen.map((name, index) => this._pick(index));
    $("bpp").addEventListener("input", () => this._showRate());
    $("bpp").addEventListener("change", () => this.start());
    $("effort").addEventListener("change", () => this.start());
    $("compare-viewer").addEventListener("failure", (event) => say(event.detail.message));
    this._showRate();
  }

  /** Shows another picture and encodes it. */
  open(picture, original) {
    this.picture = picture;
    this.view.clear();
    this.sources = new Map([[ORIGINAL, { image: original, width: picture.width, height: picture.height }]]);
    this._show();
    return this.start();
  }

  async start() {
    if (!this.picture) return;
    this.job?.stop();
    $("results").setAttribute("aria-busy", "true");
    $("download-ovt").hidden = true;
    let isFirst = true;
    const request = { picture: this.picture.key, bpp: bppAt(Number($("bpp").value)), effort: $("effort").value };
    const onPart = async (part) => {
      if (isFirst) $("results").tBodies[0].replaceChildren();
      isFirst = false;
      $("results").tBodies[0].append(this._row(part));
      await this._take(part);
    };
    const job = (this.job = work("compare", request, { label: "Comparing", onPart }));
    try {
      await job.done;
      say("");
    } catch (error) {
      if (!(error instanceof Stopped)) say(error.message);
    } finally {
      if (this.job === job) $("results").removeAttribute("aria-busy");
    }
  }

  /** The file of a part becomes a side that can be shown. */
  async _take(part) {
    if (part.error) {
      this.sources.delete(part.codec);
      return;
    }
    const { width, height } = this.picture, picture = this.picture, key = part.files.file;
    const side = { width, height };
    if (part.codec === OURS) {
      const view = `${fileAt(key)}/view`;
      side.image = await bitmap(view);
      side.sharpen = (crop, size, signal) => bitmap(`${view}?crop=${crop.join(",")}&size=${size.join("x")}`, { signal });
      const link = $("download-ovt");
      link.href = fileAt(key);
      link.download = `${picture.name.replace(/\.[^.]*$/, "")}.ovt`;
      link.hidden = false;
    } else {
      side.image = await bitmap(fileAt(key));
    }
    if (picture !== this.picture) return;
    this.sources.set(part.codec, side);
    this._show(part.codec);
  }

  _row(part) {
    const name = make("th", { scope: "row" }, part.codec);
    if (part.error) return make("tr", {}, name, make("td", { colSpan: 6, className: "quiet" }, part.error));
    const psnr = part.psnr_db === null ? "no error" : `${part.psnr_db.toFixed(2)} dB`;
    const cells = [part.size_bytes.toLocaleString("en"), part.rate_bpp.toFixed(3), psnr, part.ms_ssim.toFixed(4),
      seconds(part.encode_s), seconds(part.decode_s)];
    return make("tr", { className: part.codec === OURS ? "ours" : "" }, name, ...cells.map((text) => make("td", {}, text)));
  }

  _pick(index) {
    const select = make("select", { className: `pick ${index ? "right" : "left"}`,
      "aria-label": index ? "Right picture" : "Left picture" });
    for (const name of [ORIGINAL, OURS, ...OTHERS]) select.append(new Option(name, name, false, name === this.chosen[index]));
    select.addEventListener("change", () => {
      this.chosen[index] = select.value;
      this._show();
    });
    $("compare-viewer").append(select);
    return select;
  }

  /** Shows what is chosen, if it has come; until then the original. With a name, only where that is chosen. */
  _show(name = null) {
    this.chosen.forEach((chosen, index) => {
      if (name !== null && chosen !== name) return;
      const side = this.sources.get(chosen);
      this.picks[index].classList.toggle("missing", !side);
      this.view.show(index, side ?? this.sources.get(ORIGINAL) ?? null);
    });
  }

  _showRate() {
    $("bpp-shown").textContent = bppAt(Number($("bpp").value)).toFixed(2);
  }
}

