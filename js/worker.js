// The thread that decodes, in a browser. The first message brings the module, then come requests.
import { packed } from "./errors.js";
import { Jobs, replyTo } from "./jobs.js";
import { dataUrl, fetched } from "./web.js";

const fetchData = async (name) => new Uint8Array(await (await fetched(dataUrl(name))).arrayBuffer());
let jobs = null;
let failure = new Error("the worker has no decoder");

function fail(error) {
  self.postMessage({ fault: packed(error), isSpent: true });
}

self.onmessage = async ({ data }) => {
  if (data.module) {
    try {
      jobs = new Jobs(data.module, fetchData);
    } catch (error) {
      failure = error; // told to who asks
    }
  } else if (jobs === null) {
    fail(failure);
  } else {
    self.postMessage(...(await replyTo(jobs, data)));
  }
};
self.onmessageerror = () => fail(new Error("a message to the worker could not be read"));
