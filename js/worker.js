// The thread that decodes, in a browser. The first message brings the module, then come requests.
import { packed } from "./errors.js";
import { Jobs } from "./jobs.js";
import { dataUrl, fetched } from "./web.js";

const fetchData = async (name) => new Uint8Array(await (await fetched(dataUrl(name))).arrayBuffer());
let jobs = null;

self.onmessage = async ({ data }) => {
  if (data.module) {
    jobs = new Jobs(data.module, fetchData);
    return;
  }
  try {
    const answer = await jobs.answer(data);
    self.postMessage({ answer }, answer.pixels ? [answer.pixels.buffer] : []);
  } catch (error) {
    self.postMessage({ fault: packed(error) });
  }
};
