// The page: its tabs, and the picture that is opened.

import { about, bitmap, freeOnLeaving, pictureAt, upload } from "/static/api.js";
import { Compare } from "/static/compare.js";
import { $, acceptDrops, say } from "/static/dom.js";
import { Edit } from "/static/edit.js";
import { Models } from "/static/models.js";

const NAMES = ["compare", "edit", "models"];
const benches = { compare: new Compare(), edit: new Edit(), models: new Models() };
let picture = null, number = 0;

function shown() {
  return NAMES.find((name) => $(`tab-${name}`).getAttribute("aria-selected") === "true");
}

function showTab(name) {
  for (const each of NAMES) {
    const tab = $(`tab-${each}`);
    tab.setAttribute("aria-selected", each === name);
    tab.tabIndex = each === name ? 0 : -1;
    $(each).hidden = each !== name || (each !== "models" && !picture);
  }
  $("welcome").hidden = Boolean(picture) || name === "models";
  benches[name].look?.();
}

async function open(file) {
  const mine = ++number;
  $("picture-name").textContent = `opening ${file.name}`;
  try {
    const opened = await upload(file), original = await bitmap(pictureAt(opened.key));
    if (mine !== number) return;
    picture = opened;
    say("");
    showTab(shown() === "models" ? "compare" : shown());
    benches.compare.open(picture, original);
    benches.edit.open(picture, original);
  } catch (error) {
    if (mine === number) say(`${file.name}: ${error.message}`);
  }
  if (mine === number) $("picture-name").textContent = picture ? `${picture.name}, ${picture.width}×${picture.height}` : "";
}

for (const name of NAMES) {
  $(`tab-${name}`).addEventListener("click", () => showTab(name));
  $(`tab-${name}`).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = NAMES[(NAMES.indexOf(name) + step + NAMES.length) % NAMES.length];
    showTab(next);
    $(`tab-${next}`).focus();
  });
}
$("compare-form").addEventListener("submit", (event) => event.preventDefault());
$("open").addEventListener("change", () => {
  const [file] = $("open").files;
  $("open").value = "";
  if (file) open(file);
});
acceptDrops(document.body, open);
$("alert").lastElementChild.addEventListener("click", () => say(""));
freeOnLeaving();
about().then(({ max_bytes, max_pixels }) => {
  $("limits").textContent = `Up to ${(max_bytes / 1e6).toFixed(0)} MB and ${(max_pixels / 1e6).toFixed(0)} megapixels.`;
}, (error) => say(error.message));
