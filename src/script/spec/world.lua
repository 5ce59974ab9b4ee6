-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- handle, deliver, transformer, and what stands in for the world: clock, http.fake.

local globals, host, specs = ...
local ipairs, pairs, type = globals.ipairs, globals.pairs, globals.type
local setmetatable = globals.setmetatable
local startAsk, finishAsk, raise = host.startAsk, host.finishAsk, host.raise

-- What else there is to know of a value, without being part of it where it is compared.
local function beside(value, more)
  return setmetatable(value, { __index = more, __metatable = "result" })
end

-- ---- time ---------------------------------------------------------------------------------------

local START = "2026-01-01T00:00:00Z"

-- clock "2026-03-29T00:30:00Z": what time it is in this test, or in all of the file or describe.
function specs.clock(text)
  local ms = host.parseTime(text)
  host.scope().clock = ms
  host.setClock(ms)
end

local time, date = globals.os.time, globals.os.date

function globals.os.time(t)
  return t == nil and globals.math.floor(host.now() / 1000) or time(t)
end

function globals.os.date(format, at)
  return date(format, at == nil and globals.os.time() or at)
end

-- Each test begins with the same time and the same numbers drawn.
function host.startWorld()
  host.setClock(host.inherited "clock" or host.parseTime(START))
  host.reseed()
end

-- ---- requests and their fakes -------------------------------------------------------------------

local headers = {
  __index = function(t, name)
    for key, value in pairs(t) do
      if type(name) == "string" and key:lower() == name:lower() then
        return value
      end
    end
    return nil
  end,
  __metatable = "headers",
}

-- A request as specs see it: method, url, headers, and what it carries as `json`, else as `body`.
local function request(r)
  setmetatable(r.headers, headers)
  return r
end

local function requests(list)
  local all = {}
  for i, r in ipairs(list) do
    all[i] = request(r)
  end
  return all
end

local http = {}
for name, f in pairs(globals.http) do
  http[name] = f
end
specs.http = http

-- As a pattern of Lua: * stands for anything.
local function pattern(url)
  return "^" .. url:gsub("[%^%$%(%)%%%.%[%]%+%-%?]", "%%%0"):gsub("%*", ".*") .. "$"
end

-- http.fake("GET", "https://…/*", { status = 200, json = … }), or a status, or a function of the
-- request that returns either. The newest that fits answers.
function http.fake(method, url, answer)
  local kind = type(answer)
  if type(method) ~= "string" or type(url) ~= "string"
    or not (kind == "table" or kind == "number" or kind == "function") then
    raise('http.fake takes a method, a URL and an answer: http.fake("POST", "https://…", '
      .. "{ status = 200, json = {} }), or a function of the request as the answer")
  end
  local fakes = host.scope().fakes
  fakes[#fakes + 1] = {
    method = method:upper(), pattern = pattern(url), answer = answer, name = method .. " " .. url,
  }
end

local function findFake(method, url)
  local scope = host.scope()
  while scope do
    for i = #scope.fakes, 1, -1 do
      local fake = scope.fakes[i]
      if (fake.method == method or fake.method == "*") and url:find(fake.pattern) then
        return fake
      end
    end
    scope = scope.parent
  end
  return nil
end

local FAILURES = { connect = true, dns = true, tls = true, timeout = true, broken = true }

local ANSWERS = { "status", "json", "body", "headers", "failure" }

-- What stands in a table and in none of the names is a slip.
local function checkNames(what, t, names)
  for name in pairs(t) do
    local isKnown = false
    for _, known in ipairs(names) do
      isKnown = isKnown or name == known
    end
    if not isKnown then
      local nearest = host.nearest(globals.tostring(name), names)
      local help = nearest and ": did you mean " .. nearest .. "?"
        or "; there are " .. globals.table.concat(names, ", ")
      raise(what .. ": there is no option " .. globals.tostring(name) .. help)
    end
  end
end

local function isStatus(value)
  return type(value) == "number" and value >= 200 and value <= 599 and value % 1 == 0
end

local function checkAnswer(fake, answer)
  if type(answer) == "number" then
    answer = { status = answer }
  elseif type(answer) ~= "table" then
    raise("the fake of " .. fake.name .. " must answer with a table as in "
      .. "{ status = 200, json = {} }, or a status; this is " .. host.brief(answer))
  end
  checkNames("the fake of " .. fake.name, answer, ANSWERS)
  if answer.failure and not FAILURES[answer.failure] then
    raise("the fake of " .. fake.name .. ": `failure` is one of connect dns tls timeout broken")
  elseif answer.status ~= nil and not isStatus(answer.status) then
    raise("the fake of " .. fake.name .. ": `status` is a whole number from 200 to 599, not "
      .. host.brief(answer.status))
  end
  return answer
end

-- status or failure, the body, then names and values of headers in turn.
function host.answerFake(method, url, body, ...)
  local fake = findFake(method, url)
  if not fake then
    return nil
  end
  local answer = fake.answer
  if type(answer) == "function" then
    local list, names = { ... }, {}
    for i = 1, #list, 2 do
      names[list[i]] = list[i + 1]
    end
    answer = answer(request { method = method, url = url, headers = names, json = host.json(body),
      body = body })
  end
  answer = checkAnswer(fake, answer)
  local text, flat = answer.body or "", {}
  if answer.json ~= nil then
    text = globals.json.encode(answer.json)
    flat = { "Content-Type", "application/json" }
  end
  for name, value in pairs(answer.headers or {}) do
    flat[#flat + 1] = name
    flat[#flat + 1] = globals.tostring(value)
  end
  return answer.failure or answer.status or 200, text, globals.unpack(flat)
end

-- ---- what the project does ----------------------------------------------------------------------

-- What sync:send was given, and beside it what became of it. No key is null here.
local function newSend(made, handler, eventKey)
  local given = { connector = made.connector, data = made.data, transformer = made.transformer }
  local key = made.key or globals.null
  if key ~= eventKey then
    given.key = key
  end
  given.delay = made.delayMs and made.delayMs / 1000
  given.expires = made.expiresMs and made.expiresMs / 1000
  return beside(given, {
    handler = handler, id = made.id, key = made.key, requests = requests(made.requests),
    log = made.log, outcome = made.outcome, cause = made.cause, reason = made.reason,
  })
end

-- An event as JSON, with what CloudEvents must have and the spec needn't say.
local function newEvent(what, event)
  if type(event) ~= "table" or type(event.type) ~= "string" then
    raise(what .. ' takes an event: { type = "schedule.updated", data = { … } }')
  end
  local whole = { specversion = "1.0", id = "1", source = "spec", partitionkey = event.key }
  for name, value in pairs(event) do
    whole[name] = value
  end
  whole.key = nil
  return host.encode(what, whole)
end

local function checkHandlers(event, result)
  if #result.handlers == 0 then
    raise('handle: no handler takes "' .. event.type .. '"'
      .. (result.nearest and ': did you mean "' .. result.nearest .. '"?' or ""))
  end
  for _, handler in ipairs(result.handlers) do
    if handler.outcome ~= "delivered" and handler.outcome ~= "skipped" then
      raise("handle: " .. handler.handler .. " ends as " .. handler.outcome .. ": "
        .. (handler.reason or "it gives no reason"))
    end
  end
end

-- The sends of all handlers of an event, in order; beside them `handlers`, each with what became of
-- it. Where a handler fails, so does this.
function specs.handle(event)
  host.note "asked"
  startAsk("handle", newEvent("handle", event))
  local answer = globals.json.decode(finishAsk())
  local result, sends = answer.result, {}
  checkHandlers(event, result)
  for _, handler in ipairs(result.handlers) do
    handler.name, handler.handler = handler.handler, nil
    handler.requests = requests(handler.requests)
    for i, made in ipairs(handler.sends) do
      handler.sends[i] = newSend(made, handler.name, answer.eventKey)
      sends[#sends + 1] = handler.sends[i]
    end
  end
  return beside(sends, { handlers = result.handlers })
end

local OPTIONS = { "event", "key", "transformer", "unknown" }

-- The requests that a connector makes of the data; beside them `outcome` and the like. Where its
-- own code fails, so does this.
function specs.deliver(connector, data, options)
  options = options or {}
  if type(connector) ~= "string" or type(options) ~= "table" then
    raise('deliver takes a connector and the data: deliver("calendarApi", { … })')
  end
  checkNames("deliver", options, OPTIONS)
  host.note "asked"
  startAsk("deliver", newEvent("deliver: `event`", options.event or { type = "spec" }), connector,
    data ~= nil and host.encode("deliver", data) or nil, options.transformer, options.key,
    options.unknown)
  local made = globals.json.decode(finishAsk()).result.attempt
  if made.cause == "script" or made.cause == "limit" then
    raise("deliver: " .. connector .. " failed: " .. made.reason)
  end
  return beside(requests(made.requests), {
    id = made.id, key = made.key, log = made.log,
    outcome = made.outcome, cause = made.cause, reason = made.reason,
  })
end

-- A function of transformers/ itself.
function specs.transformer(name)
  if type(name) ~= "string" then
    raise('transformer takes a name: transformer "calendarEvent"')
  end
  return host.transformer(name)
end
