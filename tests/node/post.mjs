// SPDX-License-Identifier: MIT
// Copyright (c) 2026 The Liaison authors
// Posts events by CloudEvents' own library, in each of its modes, and prints the answers: post.mjs URL
import { CloudEvent, HTTP, Mode, emitterFor, httpTransport } from "cloudevents";

const url = process.argv[2];

async function post({ headers, body }) {
  const answer = await fetch(url, { method: "POST", headers, body });
  return { status: answer.status, ...(await answer.json()) };
}

function make(n, attributes = {}) {
  return new CloudEvent({
    id: `sdk-${n}`, source: "/sdk", type: "thing.changed", subject: "size",
    time: "2026-12-01T09:00:00.000Z", tenant: "north", datacontenttype: "application/json",
    data: { n, list: [], text: "ä€😀" }, ...attributes,
  });
}

const emit = emitterFor(httpTransport(url), { mode: Mode.BINARY });
const sent = await emit(make(4));

console.log(JSON.stringify([
  await post(HTTP.structured(make(1))),
  await post(HTTP.binary(make(2))),
  await post(HTTP.binary(make(3, { datacontenttype: "text/plain", data: "plain" }))),
  JSON.parse(sent.body),
  await post(HTTP.structured(make(1))),
]));
