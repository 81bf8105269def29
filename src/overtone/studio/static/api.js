// What the page asks of the studio: uploads, files, and work that can be watched and stopped.

import { $, make } from "/static/dom.js";

/** Something that the studio said no to, in one line. */
export class Failure extends Error {}
/** Work that was stopped; nobody needs to be told. */
export class Stopped extends Error {}

const session = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
  byte.toString(16).padStart(2, "0")).join("");
const limits = {};

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure("the studio does not answer; is it still running?");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Failure(answer.error ?? `the studio answered with status ${response.status}`);
}

export async function about() {
  return Object.assign(limits, await (await call("/api/about")).json());
}

/** Sends the bytes of a file; gives its key, name and size. */
export async function upload(file) {
  // The studio checks as well, but a browser that is still sending would not hear its answer.
  if (file.size > limits.max_bytes) {
    throw new Failure(`the file has ${file.size} bytes, and ${limits.max_bytes} are the most that is taken here; ` +
      "make it smaller, or start the studio with --max-upload");
  }
  const query = new URLSearchParams({ name: file.name, session });
  return (await call(`/api/pictures?${query}`, { method: "POST", body: file })).json();
}

/** A picture by its address, ready to be drawn. */
export async function bitmap(path, options) {
  const data = await (await call(path, options)).blob();
  try {
    return await createImageBitmap(data);
  } catch {
    throw new Failure(`this browser does not show ${data.type}`);
  }
}

export const pictureAt = (key) => `/api/pictures/${key}`;
export const fileAt = (key) => `/api/files/${key}`;

/**
 * Work of a kind. `onPart` is called with each part of the answer.
 * Gives `done`, a promise of all parts, and `stop`.
 */
export function work(kind, request, { label = kind, onPart = () => {} } = {}) {
  const bar = make("progress", { max: 1 });
  const words = make("span", {}, `${label}: waiting`);
  const button = make("button", { type: "button" }, "Stop");
  const line = make("li", {}, words, bar, button);
  let key = null, isStopped = false;
  const stop = () => {
    isStopped = true;
    line.remove();
    if (key !== null) call(`/api/jobs/${key}/stop`, { method: "POST" }).catch(() => {});
  };
  button.addEventListener("click", stop);
  $("jobs").append(line);
  const follow = async () => {
    try {
      const body = JSON.stringify({ kind, request });
      ({ key } = await (await call(`/api/jobs?session=${session}`, { method: "POST", body })).json());
      if (isStopped) stop();
      let told = 0, seen = "";
      while (!isStopped) {
        const job = await (await call(`/api/jobs/${key}?seen=${seen}`)).json();
        if (isStopped) break;
        seen = job.version;
        words.textContent = job.state === "waiting" ? `${label}: waiting for other work` : `${label}: ${job.message}`;
        if (job.fraction > 0) bar.value = job.fraction;
        while (told < job.parts.length && !isStopped) await onPart(job.parts[told++]);
        if (job.state === "done") return job.parts;
        if (job.state === "failed") throw new Failure(job.error);
        if (job.state === "stopped") break;
      }
      throw new Stopped();
    } finally {
      line.remove();
    }
  };
  return { done: follow(), stop };
}

/** Everything that is held for this page goes with it. */
export function freeOnLeaving() {
  addEventListener("pagehide", () => navigator.sendBeacon(`/api/close?session=${session}`));
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
