// Elements of the page, made without any markup from text: names of files are only ever text.

export const $ = (id) => document.getElementById(id);

/** A new element with properties and children; strings become text. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Shows one line about what went wrong; an empty one takes it away. */
export function say(message) {
  const box = $("alert");
  box.firstElementChild.textContent = message;
  box.hidden = !message;
}

export function seconds(value) {
  return value < 0.1 ? `${(1000 * value).toFixed(1)} ms` : `${value.toFixed(2)} s`;
}

/** Digits as many as tell something at every size. */
export function cycles(value) {
  const text = Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0);
  return text === "-0.0" ? "0.0" : text;
}

/** Lets a box take dropped files; `take` gets the first. */
export function acceptDrops(box, take) {
  box.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("over");
  });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    box.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}
