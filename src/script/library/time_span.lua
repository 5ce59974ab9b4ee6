-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- time.duration, add and diff.

local globals, host = ...
local time = globals.time
local make, days, civil = host.make, host.days, host.civil
local raise, describe, take = host.raise, host.describe, host.take
local DAY, daysIn, fractionOf = host.DAY, host.daysIn, host.fractionOf
local zoneOf, instantOf = host.zoneOf, host.instantOf
local floor = math.floor

local SECONDS = {
  ns = 1e-9, us = 1e-6, ["µs"] = 1e-6, ms = 1e-3, s = 1, m = 60, h = 3600, d = DAY, w = 7 * DAY,
}

-- Nanoseconds, exact for what has whole ones.
local function nanoseconds(number, unit)
  local whole, fraction = number:match "^(%d+)%.?(%d*)$"
  local size = SECONDS[unit]
  if size < 1 then
    return tonumber(number) * floor(size * 1e9 + 0.5)
  end
  return (tonumber(whole) * 1e9 + fractionOf(fraction)) * size
end

-- "1h30m", "200ms": nanoseconds; nil for another text.
local function parseShort(s)
  local sum, at = 0, 1
  while at <= #s do
    local number, unit, after = s:match("^%s*(%d+%.?%d*)%s*([%aµ]+)()", at)
    if not number or not SECONDS[unit] then
      return nil
    end
    sum, at = sum + nanoseconds(number, unit), after
  end
  return at > 1 and sum or nil
end

local ISO_DATE = { Y = "months", M = "months", W = "days", D = "days" }
local ISO_TIME = { H = "h", M = "m", S = "s" }
local TIMES = { Y = 12, M = 1, W = 7, D = 1 }

-- Adds the parts of one half, "1Y2M3D" or "4H5M6.5S", to d; false where it is none. The letters
-- have to come in their order.
local function addHalf(d, half, letters, isTime)
  local last, at = 0, 1
  while at <= #half do
    local number, letter, after = half:match("^(%d+[.,]?%d*)(%u)()", at)
    local place = letter and letters:find(letter, 1, true)
    if not place or place <= last then
      return false
    end
    number = number:gsub(",", ".")
    if isTime then
      d.ns = d.ns + nanoseconds(number, ISO_TIME[letter])
    elseif number:find(".", 1, true) then
      return false
    else
      local unit = ISO_DATE[letter]
      d[unit] = d[unit] + tonumber(number) * TIMES[letter]
    end
    last, at = place, after
  end
  return at > 1
end

-- Months, days and nanoseconds of "P1Y2M3DT4H5M6S"; nil for another text.
local function parsePeriod(s)
  local d = { months = 0, days = 0, ns = 0 }
  local date, clock = s:match "^P([^T]*)T(.+)$"
  date = date or s:match "^P([^T]+)$"
  if not date or (date ~= "" and not addHalf(d, date, "YMWD", false)) then
    return nil
  elseif clock and not addHalf(d, clock, "HMS", true) then
    return nil
  end
  return d
end

-- Any duration: months, days and nanoseconds, negative ones for "-P1D".
local function takeDuration(given, what)
  if type(given) == "number" then
    if given ~= given or math.abs(given) > 1e15 then
      raise(what .. ": " .. given .. " is no number of seconds")
    end
    return { months = 0, days = 0, ns = floor(given * 1e9 + 0.5) }
  elseif type(given) ~= "string" then
    raise(what .. ": a duration is \"P1M\", \"PT2H\", \"90s\" or a number of seconds, not "
      .. describe(given))
  end
  local sign, s = given:match "^([+-]?)(.*)$"
  local d = parsePeriod(s)
  if not d then
    d = { months = 0, days = 0, ns = parseShort(s) }
  end
  if not d.ns then
    raise(("%s: %q is no duration: write it as in \"P1M\", \"PT2H\", \"90s\" or \"1h30m\""):format(
      what, given))
  end
  if sign == "-" then
    d.months, d.days, d.ns = -d.months, -d.days, -d.ns
  end
  return d
end

function time.duration(s)
  local d = takeDuration(s, "time.duration")
  if d.months ~= 0 then
    raise("time.duration: months and years have no fixed length: write time.add(t, …)")
  end
  return (d.days * DAY * 1e9 + d.ns) / 1e9
end

-- The local seconds `months` and `days` later. A day that its month doesn't have is the month's
-- last.
local function addDate(localSeconds, months, moreDays)
  local day = floor(localSeconds / DAY)
  local rest = localSeconds - day * DAY
  local year, month, dayOfMonth = civil(day)
  local count = year * 12 + month - 1 + months
  year, month = floor(count / 12), count % 12 + 1
  dayOfMonth = math.min(dayOfMonth, daysIn(year, month))
  return (days(year, month, dayOfMonth) + moreDays) * DAY + rest
end

-- Months and days by the calendar of the zone, the rest by the clock.
function time.add(t, d, zone)
  local s, ns = take(t, "time.add", "t")
  d, zone = takeDuration(d, "time.add"), zoneOf(zone, "time.add")
  if math.abs(d.months) > 120000 or math.abs(d.days) > 4000000 then
    raise "time.add: the time lies outside the years 0 to 9999"
  end
  if d.months ~= 0 or d.days ~= 0 then
    s = instantOf(addDate(s + zone(s), d.months, d.days), zone)
  end
  local more = floor(d.ns / 1e9)
  return make(s + more, ns + (d.ns - more * 1e9), "time.add")
end

function time.diff(a, b)
  local s1, ns1 = take(a, "time.diff", "a")
  local s2, ns2 = take(b, "time.diff", "b")
  return ((s1 - s2) * 1e9 + (ns1 - ns2)) / 1e9
end
