// overtone-image in a browser.
import { makeClient } from "./client.js";
import { compiled, moduleUrl } from "./web.js";

export { OvertoneError } from "./errors.js";

let script = null; // of this page, where the package is on another host

/** The thread that decodes. Bundlers look for the first call as it is written here. */
function newWorker() {
  if (moduleUrl().origin === location.origin) {
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  }
  const imported = JSON.stringify(new URL("../worker.js", moduleUrl()).href);
  script ??= URL.createObjectURL(new Blob([`import ${imported};`], { type: "text/javascript" }));
  return new Worker(script, { type: "module" });
}

function start(take, fail) {
  return compiled().then((module) => {
    const worker = newWorker();
    worker.onmessage = ({ data }) => take(data);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(new Error(`the worker could not be started: ${event.message ?? "no script"}`));
    };
    worker.onmessageerror = () => fail(new Error("an answer of the worker could not be read"));
    worker.postMessage({ module });
    return {
      post: (request, transfers) => worker.postMessage(request, transfers),
      end: () => worker.terminate(),
    };
  });
}

export const { info, decode, decodeToPng, close } = makeClient(
  start,
  (pixels, width, height) => new ImageData(pixels, width, height),
);
