// Models: drawing, the way between two seeds, and the atoms of a dictionary.

import { Stopped, fileAt, work } from "/static/api.js";
import { $, make, say } from "/static/dom.js";

const SCALES = [1, 2, 4, 8], FRAME_MS = 120, LISTED_ATOMS = 12;

export class Models {
  constructor() {
    this.known = [];
    $("model").addEventListener("change", () => this._choose());
    this._form("sample", (model) => ({ model: model.name, num_images: $("sample-count").valueAsNumber, seed: $("sample-seed").valueAsNumber,
      temperature: $("sample-temperature").valueAsNumber, class_name: $("sample-class").value || null, ...this._size(model, "sample") }));
    this._form("interpolate", (model) => ({ model: model.name, start: $("seed-start").valueAsNumber, end: $("seed-end").valueAsNumber,
      num_steps: $("steps").valueAsNumber, ...this._size(model, "interpolate") }));
    this._form("atoms", (model) => ({ model: model.name, num_atoms: $("atoms-count").valueAsNumber }));
  }

  /** Called when the page is shown: asks once which models there are. */
  async look() {
    if (this.known.length || this.isAsking) return;
    this.isAsking = true;
    try {
      const [{ models }] = await work("models", {}, { label: "Models" }).done;
      this.known = models;
      $("model").replaceChildren(...models.map(({ name }) => new Option(name)));
      this._choose();
    } catch (error) {
      if (!(error instanceof Stopped)) say(error.message);
    } finally {
      this.isAsking = false;
    }
  }

  _chosen() {
    return this.known.find(({ name }) => name === $("model").value);
  }

  _choose() {
    const model = this._chosen();
    if (!model) return;
    $("model-about").textContent = `${model.kind}, pictures of ${model.width}×${model.height}` +
      (model.classes.length ? `, ${model.classes.length} classes` : "");
    $("sample-class").replaceChildren(new Option("any", ""), ...model.classes.map((name) => new Option(name)));
    $("class-label").hidden = !model.classes.length;
    for (const id of ["sample-scale", "interpolate-scale"]) {
      $(id).replaceChildren(...SCALES.map((scale) => new Option(`${scale * model.width}×${scale * model.height}`, scale)));
      $(id).value = model.has_latents ? "2" : "1";  // models of blocks draw at their own size
    }
    $("interpolate-form").hidden = !model.has_latents;
    $("atoms-form").hidden = !model.has_atoms;
    for (const kind of ["sample", "interpolate", "atoms"]) $(`${kind}-result`).replaceChildren();
  }

  /** Other sizes than the model's own are drawn by the model, not enlarged. */
  _size(model, kind) {
    const scale = Number($(`${kind}-scale`).value);
    return scale === 1 ? {} : { width: scale * model.width, height: scale * model.height };
  }

  _form(kind, requestOf) {
    $(`${kind}-form`).addEventListener("submit", async (event) => {
      event.preventDefault();
      const model = this._chosen();
      if (!model) return;
      const result = $(`${kind}-result`);
      result.setAttribute("aria-busy", "true");
      try {
        const [part] = await work(kind, requestOf(model), { label: model.name }).done;
        if (this._chosen() !== model) return;
        say("");
        this[`_show_${kind}`](result, part, model);
      } catch (error) {
        if (!(error instanceof Stopped)) say(error.message);
      } finally {
        result.removeAttribute("aria-busy");
      }
    });
  }

  _show_sample(result, part, model) {
    this._picture(result, part.files.grid, `${part.count} pictures drawn by ${model.name}`, `${model.name}.png`);
  }

  _show_interpolate(result, part, model) {
    const frames = Array.from({ length: part.count }, (_, number) => make("img", { src: fileAt(part.files[number]) }));
    const shown = make("img", { className: "drawn frame", alt: "A picture on the way" });
    const words = make("output", {});
    const place = make("input", { type: "range", min: 0, max: part.count - 1, step: 1, "aria-label": "Step" });
    place.value = 0;
    const show = () => {
      shown.src = frames[place.value].src;
      words.textContent = `${Number(place.value) + 1} of ${part.count}`;
    };
    place.addEventListener("input", show);
    const play = make("button", { type: "button" }, "Play");
    let timer = null;
    play.addEventListener("click", () => {
      play.textContent = timer === null ? "Pause" : "Play";
      if (timer !== null) {
        clearInterval(timer);
        timer = null;
        return;
      }
      timer = setInterval(() => {
        if (!shown.isConnected) return clearInterval(timer);
        place.value = (Number(place.value) + 1) % part.count;
        show();
      }, FRAME_MS);
    });
    this._picture(result, part.files.row, `${part.count} pictures from one seed to the other`, `${model.name}-between.png`);
    result.prepend(shown, make("div", { className: "row" }, play, place, words));
    show();
  }

  _show_atoms(result, part, model) {
    this._picture(result, part.files.grid, `${part.atoms.length} atoms of ${model.name}, those of most energy first; below each is how it varies over the picture`, `${model.name}-atoms.png`);
    const numbers = (values) => values.map((value) => value.toFixed(2)).join(", ");
    const rows = part.atoms.slice(0, LISTED_ATOMS).map((atom) => make("tr", {}, make("th", { scope: "row" }, `${atom.number}`),
      ...[`${(100 * atom.share).toFixed(1)} %`, numbers(atom.frequency), numbers(atom.phase), atom.amplitude.toFixed(3)]
        .map((text) => make("td", {}, text))));
    const titles = ["atom", "energy", "cycles", "turns", "amplitude"].map((text) => make("th", { scope: "col" }, text));
    result.append(make("div", { className: "scroll" },
      make("table", {}, make("thead", {}, make("tr", {}, ...titles)), make("tbody", {}, ...rows))));
  }

  _picture(result, key, words, name) {
    result.replaceChildren(make("img", { className: "drawn", src: fileAt(key), alt: words }),
      make("figcaption", {}, words, " ", make("a", { href: fileAt(key), download: name }, "Download")));
  }
}
