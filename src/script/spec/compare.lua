-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- Where two values differ, as JSON sees them: an empty list isn't an empty object, null isn't
-- nothing, 1 isn't "1".

local globals, host = ...
local pairs, type, tostring = globals.pairs, globals.type, globals.tostring
local sort = globals.table.sort
local kind = host.kind

local DIFFERENCES_MAX = 20
local DEPTH_MAX = 200

local function join(path, key)
  if type(key) == "number" then
    return path .. "[" .. key .. "]"
  elseif type(key) == "string" and key:find("^[%a_][%w_]*$") then
    return path == "" and key or path .. "." .. key
  end
  return path .. '["' .. tostring(key) .. '"]'
end

-- The names of both, each once, in order; positions as numbers first.
local function keysOf(a, b)
  local keys, seen = {}, {}
  for _, t in globals.ipairs { a, b } do
    for key in pairs(t) do
      if not seen[key] then
        seen[key] = true
        keys[#keys + 1] = key
      end
    end
  end
  sort(keys, function(x, y)
    if type(x) == "number" and type(y) == "number" then
      return x < y
    end
    if type(x) ~= type(y) then
      return type(x) == "number"
    end
    return tostring(x) < tostring(y)
  end)
  return keys
end

-- NaN is like itself here.
local function isSame(a, b)
  return a == b or (a ~= a and b ~= b)
end

local LONG = 40

-- Where two long texts part: "line 3, column 5".
local function parting(a, b)
  if #a < LONG and #b < LONG then
    return nil
  end
  local line, start, i = 1, 0, 1
  while a:byte(i) == b:byte(i) do
    if a:byte(i) == 10 then
      line, start = line + 1, i
    end
    i = i + 1
  end
  return "line " .. line .. ", column " .. i - start
end

local compare

-- `part`: members that only `got` has don't count.
local function compareTables(at, expected, got, part)
  if at.depth == DEPTH_MAX then
    return
  end
  local path = at.path
  at.depth = at.depth + 1
  for _, key in globals.ipairs(keysOf(expected, got)) do
    if not part or expected[key] ~= nil then
      at.path = join(path, key)
      compare(at, expected[key], got[key], part)
    end
  end
  at.path, at.depth = path, at.depth - 1
end

function compare(at, expected, got, part)
  if #at.differences >= DIFFERENCES_MAX then
    return
  end
  local kindExpected, kindGot = kind(expected), kind(got)
  if kindExpected == kindGot and (kindGot == "object" or kindGot == "list") then
    compareTables(at, expected, got, part and kindGot == "object")
  elseif kindExpected ~= kindGot or not isSame(expected, got) then
    local list = at.differences
    list[#list + 1] = {
      path = at.path, expected = host.shown(expected), got = host.shown(got),
      at = kindExpected == "string" and kindGot == "string" and parting(expected, got) or nil,
    }
  end
end

-- A list of { path, expected, got }, empty where they are equal.
function host.differences(expected, got, part)
  local at = { path = "", depth = 0, differences = {} }
  compare(at, expected, got, part)
  return at.differences
end
