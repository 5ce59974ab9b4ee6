-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- What Lua's own functions must do differently here.

local globals, host = ...
local pcall, select, tostring, type, error = pcall, select, tostring, type, error
local tonumber = tonumber
local concat, sort = table.concat, table.sort
local date = os.date
local info = globals.log.info
local format, find = string.format, string.find
local encode = globals.json.encode
local isNative, checkNesting, spell = host.isNative, host.checkNesting, host.spell

local function finish(handler, ok, ...)
  if ok then
    return true, ...
  end
  local handled, result = pcall(handler, (...))
  if not handled then
    result = "error in error handling"
  end
  return false, result
end

-- Lua's own xpcall runs the error handler where no hook can stop it; this one runs it afterwards.
function globals.xpcall(f, handler, ...)
  if type(handler) ~= "function" then
    error("bad argument #2 to 'xpcall' (function expected, got " .. type(handler) .. ")", 2)
  end
  return finish(handler, pcall(f, ...))
end

-- An exact number is one, and stays exact.
function globals.tonumber(value, base)
  if type(value) == "cdata" and base == nil then
    return value
  end
  return tonumber(value, base)
end

-- Calls a __tostring from C, whose stack is no part of what Lua counts.
function globals.string.format(...)
  checkNesting()
  return format(spell(...))
end

-- All digits of a whole number, where Lua writes 1.7e+15.
local function toText(value)
  if type(value) == "number" then
    value = spell(value)
  end
  return tostring(value)
end
globals.tostring = toText

-- Tables as JSON, where they can be.
local function shown(value)
  local text = toText(value)
  if type(value) == "table" and find(text, "^table: ") then
    local ok, document = pcall(encode, value)
    return ok and document or text
  end
  return text
end

-- There is no standard output: lines go to the log.
function globals.print(...)
  local parts = {}
  for i = 1, select("#", ...) do
    parts[i] = shown((select(i, ...)))
  end
  info(concat(parts, "\t"))
end

local function less(a, b)
  return a < b
end

-- Sorting can be stopped in its comparator alone, and there only in Lua.
function globals.table.sort(list, before)
  checkNesting()
  if before == nil then
    before = less
  elseif isNative(before) then
    local native = before
    before = function(a, b) return native(a, b) end
  end
  return sort(list, before)
end

-- A long format takes os.date time beyond its length.
function globals.os.date(form, time)
  if type(form) == "string" and #form > 1000 then
    error("os.date: the format is longer than 1000 characters", 2)
  end
  return date(form, time)
end
