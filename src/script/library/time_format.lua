-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- time.format and time.parse: strftime's letters, and a few of others'.

local globals, host = ...
local time = globals.time
local make, days, civil = host.make, host.days, host.civil
local raise, describe = host.raise, host.describe
local zones, zoneOf, offsetOf = host.zones, host.zoneOf, host.offsetOf
local instantOf, fieldsOf, secondsOf = host.instantOf, host.fieldsOf, host.secondsOf
local isLeap, fractionOf, take, parseIso = host.isLeap, host.fractionOf, host.take, host.parseIso
local MONTHS, WEEKDAYS = host.MONTHS, host.WEEKDAYS
local floor, concat = math.floor, table.concat

local function pad(n, width)
  return ("%0" .. width .. "d"):format(n)
end

-- The year and number of the ISO 8601 week.
local function isoWeek(f)
  local thursday = f.dayNumber - f.weekday + 4
  local year = civil(thursday)
  return year, floor((thursday - days(year, 1, 1)) / 7) + 1
end

local function offsetText(f, colon)
  local minutes = floor(math.abs(f.offset) / 60)
  local sign = f.offset < 0 and "-" or "+"
  return sign .. pad(floor(minutes / 60), 2) .. colon .. pad(minutes % 60, 2)
end

local function hour12(f)
  return (f.hour + 11) % 12 + 1
end

-- What is written for a letter. A number and a width are padded by zeros, unless "-" is said.
local WRITE = {
  Y = function(f) return f.year, 4 end,
  C = function(f) return floor(f.year / 100), 2 end,
  y = function(f) return f.year % 100, 2 end,
  m = function(f) return f.month, 2 end,
  d = function(f) return f.day, 2 end,
  e = function(f) return ("%2d"):format(f.day) end,
  j = function(f) return f.yearday, 3 end,
  H = function(f) return f.hour, 2 end,
  k = function(f) return ("%2d"):format(f.hour) end,
  I = function(f) return hour12(f), 2 end,
  l = function(f) return ("%2d"):format(hour12(f)) end,
  M = function(f) return f.minute, 2 end,
  S = function(f) return f.second, 2 end,
  f = function(f) return pad(floor(f.ns / 1000), 6) end,
  L = function(f) return pad(floor(f.ns / 1000000), 3) end,
  N = function(f) return pad(f.ns, 9) end,
  p = function(f) return f.hour < 12 and "AM" or "PM" end,
  P = function(f) return f.hour < 12 and "am" or "pm" end,
  A = function(f) return WEEKDAYS[f.weekday] end,
  a = function(f) return WEEKDAYS[f.weekday]:sub(1, 3) end,
  B = function(f) return MONTHS[f.month] end,
  b = function(f) return MONTHS[f.month]:sub(1, 3) end,
  u = function(f) return f.weekday, 1 end,
  w = function(f) return f.weekday % 7, 1 end,
  U = function(f) return floor((f.yearday + 6 - f.weekday % 7) / 7), 2 end,
  W = function(f) return floor((f.yearday + 7 - f.weekday) / 7), 2 end,
  G = function(f) return (isoWeek(f)), 4 end,
  V = function(f) return select(2, isoWeek(f)), 2 end,
  z = function(f) return offsetText(f, "") end,
  Z = function(f) return f.abbreviation end,
  s = function(f) return ("%.0f"):format(f.unix) end,
  n = function() return "\n" end,
  t = function() return "\t" end,
  ["%"] = function() return "%" end,
}
WRITE.h = WRITE.b

-- What stands for several letters; a % in front of one is a letter of its own.
local MEANS = { F = "%Y-%m-%d", T = "%H:%M:%S", R = "%H:%M", D = "%m/%d/%y", r = "%I:%M:%S %p" }

-- Walks over a format: text(s) for what stands for itself, field(letter, flag) for the rest. A flag
-- is "-" or ":".
local function walk(format, what, text, field)
  if type(format) ~= "string" then
    raise(what .. ": format must be a string such as \"%Y-%m-%d\", not " .. describe(format))
  end
  format = format:gsub("%%(.)", MEANS)
  local at = 1
  while true do
    local percent = format:find("%", at, true)
    if percent ~= at then
      text(format:sub(at, (percent or 0) - 1))
    end
    if not percent then
      return
    end
    local flag, letter = format:match("^([-:]?)(.?)", percent + 1)
    if flag == ":" and letter ~= "z" then
      letter = ":" .. letter
    end
    field(letter, flag)
    at = percent + 1 + #flag + 1
  end
end

local function unknownLetter(what, letter)
  raise(("%s: the format has no %%%s: the letters are in docs/HELPERS.md"):format(what, letter))
end

function time.format(t, format, zone)
  if type(format) == "string" and format:find "%a" and not format:find("%", 1, true) then
    raise(("time.format: the format %q has no letter behind a %%: write \"%%Y-%%m-%%d\", as in "
      .. "\"2026-11-23\"; the letters are in docs/HELPERS.md"):format(format))
  end
  local s, ns = take(t, "time.format", "t")
  local f, out = fieldsOf(s, zoneOf(zone, "time.format")), {}
  f.ns = ns
  local function add(text) out[#out + 1] = text end
  walk(format, "time.format", add, function(letter, flag)
    local write = WRITE[letter] or unknownLetter("time.format", letter)
    local value, width = write(f)
    if flag == ":" then
      value = offsetText(f, ":")
    elseif width and flag ~= "-" then
      value = pad(value, width)
    elseif flag == "-" then
      value = tostring(value):gsub("^ ", "")
    end
    add(value)
  end)
  return concat(out)
end

-- ---- reading ----

-- The number of the name at the beginning of `s`, whole or its first three letters.
local function readName(names)
  return function(s)
    local word = s:match("^%a+"):lower()
    for i, name in ipairs(names) do
      name = name:lower()
      if word == name or word == name:sub(1, 3) then
        return i
      end
    end
    return nil
  end
end

local function readZone(s)
  if s == "Z" or s == "z" then
    return zones.UTC
  end
  local offset = offsetOf(s)
  return offset and function() return offset end
end

-- A field's pattern, its name, and what makes a value of the text that fits: else a number.
local READ = {
  Y = { "%d%d?%d?%d?", "year" },
  y = { "%d%d?", "year", function(s)
    local n = tonumber(s)
    return n + (n < 69 and 2000 or 1900)
  end },
  m = { "%d%d?", "month" },
  d = { "%d%d?", "day" },
  e = { " ?%d%d?", "day" },
  j = { "%d%d?%d?", "yearday" },
  H = { "%d%d?", "hour" },
  k = { " ?%d%d?", "hour" },
  I = { "%d%d?", "hour12" },
  l = { " ?%d%d?", "hour12" },
  M = { "%d%d?", "minute" },
  S = { "%d%d?", "second" },
  f = { "%d+", "ns", fractionOf },
  p = { "[AaPp]%.?[Mm]%.?", "isPm", function(s) return s:lower():sub(1, 1) == "p" and 1 or 0 end },
  A = { "%a+", "weekday", readName(WEEKDAYS) },
  B = { "%a+", "month", readName(MONTHS) },
  z = { "[Zz+-]%d*:?%d*", "zone", readZone },
  Z = { "[%a_/+-]+%d*", "zone", function(s) return zoneOf(s, "time.parse") end },
  s = { "-?%d+", "unix" },
}
READ.L, READ.N, READ.P, READ.a, READ.b, READ.h = READ.f, READ.f, READ.p, READ.A, READ.B, READ.B

local function read(s, format)
  local f, at = {}, 1
  local function misfit(wanted)
    raise(("time.parse: %q doesn't fit the format %q: %s is wanted where %q stands"):format(
      s, format, wanted, s:sub(at, at + 20)))
  end
  -- White space fits any, none included.
  local function text(literal)
    for blank, solid in literal:gmatch "(%s*)(%S*)" do
      if blank ~= "" then
        at = s:match("^%s*()", at)
      end
      if s:sub(at, at + #solid - 1) ~= solid then
        misfit(("%q"):format(solid))
      end
      at = at + #solid
    end
  end
  walk(format, "time.parse", text, function(letter)
    if letter == "n" or letter == "t" then
      return text " "
    elseif letter == "%" then
      return text "%"
    end
    local row = READ[letter] or unknownLetter("time.parse", letter)
    local found = s:match("^" .. row[1], at)
    local value = found and (row[3] or tonumber)(found)
    if not value then
      misfit("%" .. letter)
    end
    f[row[2]] = value
    at = at + #found
  end)
  if at <= #s then
    misfit "the end"
  end
  return f
end

local function completeDate(f, s)
  if not f.year then
    raise(("time.parse: the format says no year, and %q may be of any"):format(s))
  end
  if f.yearday then
    if f.yearday < 1 or f.yearday > (isLeap(f.year) and 366 or 365) then
      raise(("time.parse: %q: %d has no day %d"):format(s, f.year, f.yearday))
    end
    f.year, f.month, f.day = civil(days(f.year, 1, 1) + f.yearday - 1)
  end
  f.month, f.day = f.month or 1, f.day or 1
end

local function completeClock(f, s)
  if f.hour12 then
    if f.hour12 < 1 or f.hour12 > 12 then
      raise(("time.parse: %q has %d as its hour of twelve"):format(s, f.hour12))
    end
    f.hour = f.hour12 % 12 + 12 * (f.isPm or 0)
  end
  f.hour, f.minute, f.second = f.hour or 0, f.minute or 0, f.second or 0
end

function time.parse(s, format, zone)
  s = host.text(s, "time.parse", "s")
  zone = zoneOf(zone, "time.parse")
  if format == nil then
    local seconds, ns = parseIso(s, zone, "time.parse")
    if not seconds then
      raise(("time.parse: %q is no time such as \"2026-11-23T10:00:00Z\": %s"):format(s,
        s:find "^%d+%.?%d*$"
          and "time.fromUnix(n) takes seconds since 1970, time.fromUnix(n, \"ms\") milliseconds"
          or "say its format, as in time.parse(s, \"%d.%m.%Y %H:%M\")"))
    end
    return make(seconds, ns, "time.parse")
  end
  local f = read(s, format)
  if f.unix then
    return make(f.unix, f.ns or 0, "time.parse")
  end
  completeDate(f, s)
  completeClock(f, s)
  return make(instantOf(secondsOf(f, "time.parse", s), f.zone or zone), f.ns or 0, "time.parse")
end

