// overtone-image in a browser.
import { makeClient } from "./client.js";
import { compiled, workerUrl } from "./web.js";

export { OvertoneError } from "./errors.js";

function start(take, fail) {
  return compiled().then((module) => {
    const worker = new Worker(workerUrl(), { type: "module", name: "overtone" });
    worker.onmessage = ({ data }) => take(data);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(new Error(`the worker could not be started: ${event.message ?? workerUrl()}`));
    };
    worker.postMessage({ module });
    return { post: (request) => worker.postMessage(request), end: () => worker.terminate() };
  });
}

export const { info, decode, decodeToPng, close } = makeClient(
  start,
  (pixels, width, height) => new ImageData(pixels, width, height),
);
