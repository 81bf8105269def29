// The thread that decodes, in Node.
import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";

import { packed } from "./errors.js";
import { Jobs } from "./jobs.js";

const fetchData = (name) => readFile(new URL(`./data/${name}.bin`, import.meta.url));
const jobs = new Jobs(workerData, fetchData);

parentPort.on("message", async (request) => {
  try {
    const answer = await jobs.answer(request);
    parentPort.postMessage({ answer }, answer.pixels ? [answer.pixels.buffer] : []);
  } catch (error) {
    parentPort.postMessage({ fault: packed(error) });
  }
});
