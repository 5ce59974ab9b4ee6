-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- expect(x):equals(y) and its kin.

local globals, host, specs = ...
local type, select, pcall = globals.type, globals.select, globals.pcall
local getmetatable, setmetatable = globals.getmetatable, globals.setmetatable
local rawget = globals.rawget
local kind, brief, differences, raise = host.kind, host.brief, host.differences, host.raise

-- Each gets what was got and what was expected, and returns whether it holds, what to say where it
-- must and doesn't, what to say where it mustn't and does, and perhaps the differences.
local matchers = {}

local function places(list)
  return #list == 1 and "1 difference" or #list .. " differences"
end

function matchers.equals(got, expected)
  local list = differences(expected, got)
  return #list == 0, places(list), "it equals " .. brief(expected), list
end

function matchers.is(got, expected)
  local text = "expected " .. brief(expected) .. ", got " .. brief(got)
  if type(got) == "table" and type(expected) == "table" then
    text = "`is` asks for this very table: write expect(…):equals(…) to compare what it holds"
  end
  return globals.rawequal(got, expected) or (kind(got) == kind(expected) and got == expected),
    text, "it is " .. brief(got)
end

local function isKind(name, what)
  matchers[name] = function(got)
    return kind(got) == what, "expected " .. what .. ", got " .. brief(got), "it is " .. what
  end
end

isKind("isNil", "nil")
isKind("isNull", "null")

function matchers.isTrue(got)
  return got == true, "expected true, got " .. brief(got), "it is true"
end

function matchers.isFalse(got)
  return got == false, "expected false, got " .. brief(got), "it is false"
end

local function hasElement(list, element)
  for i = 1, #list do
    if #differences(element, list[i], true) == 0 then
      return true
    end
  end
  return false
end

local LONG = 200 -- bytes of a text that are shown in any case
local WHOLE = 2000 -- … and where there is nothing better to be shown
local AROUND = 60

-- The length of the longest beginning of `part` that stands in `got`, and where.
local function longestBeginning(got, part)
  local least, most = 0, #part
  while least < most do
    local middle = globals.math.ceil((least + most) / 2)
    if got:find(part:sub(1, middle), 1, true) then
      least = middle
    else
      most = middle - 1
    end
  end
  return least, (got:find(part:sub(1, least), 1, true))
end

-- Some bytes of a text from there on or up to there, whole characters.
local function after(text, from)
  local cut = text:sub(from, from + AROUND - 1)
  return #cut < AROUND and cut or (cut:gsub("[\194-\244]?[\128-\191]*$", "")) .. "…"
end

local function before(text, to)
  local cut = text:sub(globals.math.max(1, to - AROUND + 1), to)
  return #cut == to and cut or "…" .. cut:gsub("^[\128-\191]+", "")
end

-- What is wrong with a text that hasn't a part: the part's beginning may well stand there.
local function missing(got, part)
  local length, at = longestBeginning(got, part)
  while length > 0 and (part:byte(length + 1) or 0) >= 128 and part:byte(length + 1) < 192 do
    length = length - 1 -- no half characters
  end
  if #got <= LONG or length < 3 then
    return brief(got, WHOLE) .. " doesn't contain " .. brief(part, WHOLE)
  end
  local _, lines = got:sub(1, at - 1):gsub("\n", "")
  local stands, wanted = after(got, at + length), after(part, length + 1)
  return ("the text of %d bytes doesn't contain %s: nearest is line %d, column %d, where %s %s, "
    .. "not by %s"):format(#got, brief(part), lines + 1, #got:sub(1, at - 1):match("[^\n]*$") + 1,
    brief(before(part, length)), stands == "" and "isn't followed by anything"
      or "is followed by " .. brief(stands), brief(wanted))
end

-- A text in a text, an element of a list, members of an object.
function matchers.contains(got, part)
  local what = kind(got)
  local opposite = "it contains " .. brief(part)
  if what == "string" and type(part) == "string" then
    local holds = got:find(part, 1, true) ~= nil
    return holds, not holds and missing(got, part), opposite
  end
  local text = brief(got, WHOLE) .. " doesn't contain " .. brief(part)
  if what == "string" then
    raise("contains looks for a text in a text, not for " .. brief(part))
  elseif what == "list" then
    return hasElement(got, part), text, opposite
  elseif what == "object" and kind(part) == "object" then
    local list = differences(part, got, true)
    return #list == 0, places(list), opposite, list
  elseif what == "object" then
    return false, text, opposite
  end
  raise("contains looks into texts, lists and objects; this is " .. brief(got))
end

function matchers.matches(got, pattern)
  if type(got) ~= "string" or type(pattern) ~= "string" then
    raise("matches holds a text against a pattern of Lua; this is " .. brief(got))
  end
  return got:find(pattern) ~= nil, brief(got, WHOLE) .. " doesn't match " .. brief(pattern),
    "it matches " .. brief(pattern)
end

function matchers.raises(got, part)
  if type(got) ~= "function" then
    raise("raises takes a function: expect(function() … end):raises(\"…\")")
  end
  local ok, raised = pcall(got)
  if ok then
    return false, "no error was raised", ""
  end
  local text = host.errorText(raised)
  return part == nil or text:find(part, 1, true) ~= nil,
    "the error raised is another: " .. text, "an error was raised: " .. text
end

function matchers.hasLength(got, n)
  local what = kind(got)
  local isEmpty = what == "object" and globals.next(got) == nil
  if what ~= "string" and what ~= "list" and not isEmpty then
    raise("hasLength counts the elements of a list or the bytes of a text; this is " .. brief(got))
  end
  return #got == n, "expected " .. brief(n) .. " elements, got " .. #got, "its length is " .. #got
end

local takesNothing = { isNil = true, isNull = true, isTrue = true, isFalse = true }

-- What people know from elsewhere, where the names aren't near.
local known = {
  toEqual = "equals", toStrictEqual = "equals", same = "equals", are = "equals", equal = "equals",
  toBe = "is", toBeNull = "isNull", toBeUndefined = "isNil", toBeTruthy = "isTrue",
  toBeFalsy = "isFalse", is_nil = "isNil", is_true = "isTrue", is_false = "isFalse",
  toContain = "contains", toContainEqual = "contains", toMatchObject = "contains",
  toMatch = "matches", toThrow = "raises", has_error = "raises", toHaveLength = "hasLength",
  no = "never", is_not = "never", never_ = "never", to = "equals", should = "equals",
}

local expectation = { __metatable = "expectation" }

local function check(self, name, ...)
  if getmetatable(self) ~= "expectation" then
    raise("write expect(…):" .. name .. "(…) with a colon")
  end
  if not takesNothing[name] and name ~= "raises" and select("#", ...) == 0 then
    raise(name .. " takes what is expected: expect(…):" .. name .. "(…)")
  end
  host.note "expected"
  local holds, wrong, opposite, list = matchers[name](rawget(self, "got"), ...)
  local isInverted = rawget(self, "isInverted")
  if isInverted and holds then
    host.fail(opposite, nil)
  elseif not isInverted and not holds then
    host.fail(wrong, list)
  end
  return self
end

local methods = {}
local names = { "never" }
for name in globals.pairs(matchers) do
  names[#names + 1] = name
  methods[name] = function(self, ...) return check(self, name, ...) end
end

function expectation.__index(self, name)
  if name == "never" then
    return setmetatable({ got = rawget(self, "got"), isInverted = true }, expectation)
  end
  if methods[name] then
    return methods[name]
  end
  local meant = known[name] or host.nearest(name, names)
  local help = "; there are equals is contains matches isNil isNull isTrue isFalse hasLength "
    .. "raises, each also behind .never"
  raise("expect(…) has no " .. globals.tostring(name)
    .. (meant and ": did you mean " .. meant .. "?" or help))
end

-- Lines to look at while a spec is written.
function specs.print(...)
  local parts = {}
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    parts[i] = type(value) == "string" and value or brief(value, globals.math.huge)
  end
  host.say(globals.table.concat(parts, "\t"))
end

function specs.expect(...)
  if select("#", ...) == 0 then
    raise("expect takes a value: expect(value):equals(…)")
  end
  host.note "begun"
  return setmetatable({ got = (...) }, expectation)
end

local assert = globals.assert

-- Lua's own, which expects something too.
function specs.assert(...)
  host.note "expected"
  return assert(...)
end
