// The thread that decodes, in Node.
import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";

import { packed } from "./errors.js";
import { Jobs, replyTo } from "./jobs.js";

const fetchData = (name) => readFile(new URL(`./data/${name}.bin`, import.meta.url));
const jobs = new Jobs(workerData, fetchData);

parentPort.on("message", async (request) => {
  parentPort.postMessage(...(await replyTo(jobs, request)));
});
parentPort.on("messageerror", (error) => {
  parentPort.postMessage({ fault: packed(error), isSpent: true });
});
