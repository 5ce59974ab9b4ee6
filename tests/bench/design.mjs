// SPDX-License-Identifier: MIT
// Copyright (c) 2026 The Liaison authors
//
// The same work as plain Node does it: events from a stream, handlers, connectors that POST.
// Nothing is kept, nothing is tried again, no order of keys is held.
//
//     node design.mjs BUS_URL RECEIVER_URL EVENTS fetch|node:http
//
// Connectors POST by the built-in fetch or by node:http with kept connections, 64 at once at most.
// Prints {"events", "cpuUs", "us", "peakKiB"}, measured from the first event on.

import { EventEmitter, once } from "node:events";
import http from "node:http";

const [busUrl, receiverUrl, eventCount, carrier] = process.argv.slice(2);
const AT_ONCE = 64;

const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });

function postByHttp(url, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      method: "POST", agent,
      headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) },
    }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function postByFetch(url, body) {
  const answer = await fetch(url, {
    method: "POST", body, headers: { "Content-Type": "application/json" },
  });
  await answer.arrayBuffer();
  return answer.status;
}

const post = carrier === "node:http" ? postByHttp : postByFetch;
const connectors = {
  warehouse: (data) => post(`${receiverUrl}/design`, JSON.stringify(data)),
};

class SyncManager extends EventEmitter {
  inFlight = 0;
  delivered = 0;
  failed = 0;

  async send({ connector, data }) {
    this.inFlight++;
    try {
      const status = await connectors[connector](data);
      if (status === 200) this.delivered++;
      else this.failed++;
    } catch {
      this.failed++;
    }
    this.inFlight--;
    this.emit("ended");
  }

  async start(url) {
    const answer = await fetch(url);
    let rest = "";
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      this.started ??= { cpu: process.cpuUsage(), at: process.hrtime.bigint() };
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        this.take(block);
        while (this.inFlight >= AT_ONCE) await once(this, "ended");
      }
      if (this.delivered + this.failed + this.inFlight >= Number(eventCount)) break;
    }
    while (this.inFlight > 0) await once(this, "ended");
  }

  take(block) {
    const data = block.split("\n").filter((line) => line.startsWith("data: "))
      .map((line) => line.slice(6)).join("\n");
    const event = JSON.parse(data);
    this.emit(event.type, event);
  }
}

const sync = new SyncManager();

sync.on("schedule.updated", (event) => {
  sync.send({ connector: "warehouse", data: event.data });
});

await sync.start(busUrl);
const cpu = process.cpuUsage(sync.started.cpu);
console.log(JSON.stringify({
  events: sync.delivered,
  cpuUs: cpu.user + cpu.system,
  us: Number((process.hrtime.bigint() - sync.started.at) / 1000n),
  peakKiB: process.resourceUsage().maxRSS,
}));
process.exit(sync.failed ? 1 : 0);
