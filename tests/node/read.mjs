// SPDX-License-Identifier: MIT
// Copyright (c) 2026 The Liaison authors
// Prints what an EventSource receives, a line each: read.mjs URL TYPE
import { EventSource } from "eventsource";

const [url, type] = process.argv.slice(2);
const source = new EventSource(url);
source.onopen = () => console.log("open");
source.addEventListener(type, (message) => {
  console.log(JSON.stringify({ id: message.lastEventId, event: JSON.parse(message.data) }));
});
