-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- ical.*: iCalendar (RFC 5545). This file has its content lines: a component is
-- { name = "VEVENT", properties = …, components = … }, a property { name =, value =, params = },
-- with values as they stand. ical_event.lua has what events are to scripts.

local _, host = ...
local raise, describe = host.raise, host.describe
local concat = table.concat

local LINE = 75 -- octets, without the line's end
local DEPTH = 20

-- ---- writing ----

-- Cuts behind character, never within: what begins with 10xxxxxx goes on with one.
local function fold(line, out)
  local from, room = 1, LINE
  while #line - from + 1 > room do
    local to = from + room
    while line:byte(to) >= 0x80 and line:byte(to) < 0xC0 do
      to = to - 1
    end
    out[#out + 1] = (from > 1 and " " or "") .. line:sub(from, to - 1)
    from, room = to, LINE - 1
  end
  out[#out + 1] = (from > 1 and " " or "") .. line:sub(from)
end

-- A parameter's value: in quotes where it has what ends one, other signs by RFC 6868.
local function writeParam(value)
  value = value:gsub("%^", "^^"):gsub('"', "^'"):gsub("\r?\n", "^n"):gsub("%c", "")
  return value:find "[:;,]" and '"' .. value .. '"' or value
end

local function checkName(named, kind, example)
  local name = type(named) == "table" and named.name
  if type(name) ~= "string" or not name:find "^[%w-]+$" then
    raise(("ical: a %s needs a `name` such as %s"):format(kind, example))
  end
end

local function writeProperty(property, out)
  checkName(property, "property", "X-ROOM")
  if property.value == nil or property.value == null then
    raise("ical: the property " .. property.name .. " has no `value`")
  end
  local parts, names = { property.name }, {}
  for name in pairs(property.params or {}) do
    if type(name) ~= "string" or not name:find "^[%w-]+$" then
      raise(("ical: the property %s has a parameter %q: its name must be such as CN"):format(
        property.name, tostring(name)))
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local values = property.params[name]
    values = type(values) == "table" and values or { values }
    local written = {}
    for i, value in ipairs(values) do
      written[i] = writeParam(tostring(value))
    end
    parts[#parts + 1] = name .. "=" .. concat(written, ",")
  end
  fold(concat(parts, ";") .. ":" .. tostring(property.value):gsub("[%z\1-\8\10-\31\127]", ""), out)
end

local function writeComponent(component, out)
  checkName(component, "component", "VTODO")
  out[#out + 1] = "BEGIN:" .. component.name
  for _, property in ipairs(component.properties or {}) do
    writeProperty(property, out)
  end
  for _, inner in ipairs(component.components or {}) do
    writeComponent(inner, out)
  end
  out[#out + 1] = "END:" .. component.name
end

function host.write(component)
  local out = {}
  writeComponent(component, out)
  return concat(out, "\r\n") .. "\r\n"
end

-- ---- reading ----

local UNDO = { ["^^"] = "^", ["^'"] = '"', ["^n"] = "\n" }

-- The parameters at the beginning of `s`, ";TZID=x;A=b", and where the value begins; nil where they
-- are none.
local function readParams(s)
  local params, at = {}, 1
  while s:sub(at, at) == ";" do
    local name, after = s:match("^;([%w-]+)=()", at)
    if not name then
      return nil
    end
    local values = {}
    repeat
      local value, behind = s:match('^"([^"]*)"()', after)
      if not value then
        value, behind = s:match('^([^";:,]*)()', after)
      end
      values[#values + 1] = value:gsub("%^[%^'n]", UNDO)
      at, after = behind, behind + 1
    until s:sub(at, at) ~= ","
    params[name:upper()] = #values == 1 and values[1] or array(values)
  end
  return s:sub(at, at) == ":" and params, at + 1
end

local function fail(number, why)
  raise(("ical.decode: line %d: %s"):format(number, why))
end

local function readProperty(line, number)
  local name, at = line:match "^([%w-]+)()"
  local params, valueAt
  if name then
    params, valueAt = readParams(line:sub(at))
  end
  if not params then
    fail(number, ("it is no property such as SUMMARY:text: %q"):format(line:sub(1, 60)))
  end
  return {
    name = name:upper(),
    params = next(params) and params or nil,
    value = line:sub(at + valueAt - 1),
  }
end

-- An iterator over the lines, those that were folded put together, and their numbers.
local function lines(s)
  local at, number = 1, 0
  local function physical()
    if at > #s then
      return nil
    end
    local stop = s:find("\n", at, true)
    local line = s:sub(at, (stop or 0) - 1):gsub("\r$", "")
    at, number = (stop or #s) + 1, number + 1
    return line
  end
  return function()
    local line = physical()
    if not line then
      return nil
    end
    local parts, first = { line }, number
    while s:find("^[ \t]", at) do
      parts[#parts + 1] = physical():sub(2)
    end
    return concat(parts), first
  end
end

-- The outermost component, which is a VCALENDAR.
function host.read(s)
  local root = { name = "the text", components = array {} }
  local open = { root }
  for line, number in lines(s) do
    local inner = open[#open]
    local property = line ~= "" and readProperty(line, number)
    if property and property.name == "BEGIN" then
      local component = {
        name = property.value:upper(), properties = array {}, components = array {},
      }
      if #open == 1 and (component.name ~= "VCALENDAR" or #root.components > 0) then
        fail(number, "a calendar is one VCALENDAR")
      elseif #open > DEPTH then
        fail(number, "components are nested too deep")
      end
      inner.components[#inner.components + 1] = component
      open[#open + 1] = component
    elseif property and property.name == "END" then
      if #open == 1 or property.value:upper() ~= inner.name then
        fail(number, ("END:%s ends no BEGIN:%s"):format(property.value, property.value))
      end
      open[#open] = nil
    elseif property and #open == 1 then
      fail(number, "it stands outside of BEGIN:VCALENDAR")
    elseif property then
      inner.properties[#inner.properties + 1] = property
    end
  end
  if #open > 1 then
    raise("ical.decode: END:" .. open[#open].name .. " is missing")
  elseif #root.components == 0 then
    raise "ical.decode: there is no BEGIN:VCALENDAR"
  end
  return root.components[1]
end

-- ---- texts ----

local ESCAPES = { ["\\"] = "\\\\", [";"] = "\\;", [","] = "\\,", ["\n"] = "\\n" }
local MEANS = { n = "\n", N = "\n" }

function host.escape(s)
  return (s:gsub("\r\n?", "\n"):gsub("[\\;,\n]", ESCAPES))
end

function host.unescape(s)
  return (s:gsub("\\(.)", function(c) return MEANS[c] or c end))
end

-- "a\,b,c" as { "a,b", "c" }
function host.unescapeList(s)
  local list, part, at = array {}, {}, 1
  while true do
    local plain, after = s:match("^([^\\,]*)()", at)
    part[#part + 1] = plain
    local c = s:sub(after, after)
    if c == "\\" then
      part[#part + 1] = host.unescape(s:sub(after, after + 1))
      at = after + 2
    else
      list[#list + 1] = concat(part)
      if c == "" then
        return list
      end
      part, at = {}, after + 1
    end
  end
end

function host.checkTable(value, what, name)
  if type(value) ~= "table" then
    raise(("%s: %s must be a table, not %s"):format(what, name, describe(value)))
  end
end
