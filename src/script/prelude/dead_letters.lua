-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- The built-in connector deadLetters: a dead letter is posted to the bus that its event came from.

local globals, host = ...
local busOf = host.busOf
local encode = globals.json.encode

-- A bus that answers so takes no posts at all; it is not asked again.
local takesNone = { 404, 405, 501 }

-- Headers of a manager that are about the stream of its events.
local ofStream = { accept = true, ["content-type"] = true, ["last-event-id"] = true }

-- The data stand last: an echo that is cut off still shows its type, by which it is known for one.
local function envelope(letter, delivery)
  local head = encode {
    specversion = "1.0",
    id = delivery.id,
    source = "liaison",
    type = "sync.deadletter",
    subject = letter.id,
    time = letter.at,
    datacontenttype = "application/json",
  }
  return head:sub(1, -2) .. ',"data":' .. encode(letter) .. "}"
end

host.deadLetters = {
  order = "none",
  send = function(letter, delivery)
    local url, headers = busOf()
    for name in pairs(headers) do
      if ofStream[name:lower()] then
        headers[name] = nil
      end
    end
    headers["Content-Type"] = "application/cloudevents+json"
    local answer = globals.http.post(url, {
      headers = headers,
      accept = takesNone,
      body = envelope(letter, delivery),
    })
    if answer.status >= 300 then
      globals.skip("the bus takes no dead letters: it answered " .. answer.status)
    end
  end,
}
