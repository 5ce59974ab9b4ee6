-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- time.*: instants, and what the calendar and clocks of a zone call them. Inside, an instant is its
-- Unix seconds and nanoseconds, and what a calendar shows in a zone is counted in "local seconds",
-- as if the zone were UTC.

local globals, host = ...
local time = globals.time
local make, parts, show, days, civil = host.make, host.parts, host.show, host.days, host.civil
local raise, describe, openZone, offsetIn = host.raise, host.describe, host.zone, host.offset
local floor, fmod = math.floor, math.fmod

local DAY = 86400
local MONTHS = {
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December",
}
local WEEKDAYS = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" }

-- ---- zones: functions from Unix seconds to the offset and the abbreviation ----

local zones = { UTC = function() return 0, "UTC" end }
zones.Z, zones.GMT = zones.UTC, zones.UTC

-- The seconds of "+01:00", "-0330" or "+05"; nil for another text.
local function offsetOf(s)
  local sign, hours, minutes = s:match "^([+-])(%d%d):?(%d%d)$"
  if not sign then
    sign, hours = s:match "^([+-])(%d%d)$"
  end
  if not sign or tonumber(hours) > 23 or tonumber(minutes or 0) > 59 then
    return nil
  end
  return (sign == "-" and -1 or 1) * (hours * 3600 + (minutes or 0) * 60)
end

local function zoneOf(name, what)
  if name == nil then
    return zones.UTC
  elseif type(name) ~= "string" then
    raise(what .. ": zone must be a name as in \"Europe/Berlin\", not " .. describe(name))
  end
  local zone = zones[name]
  if zone then
    return zone
  end
  local fixed = offsetOf(name)
  if fixed then
    return function() return fixed, name end
  end
  local opened = openZone(name, what)
  zone = function(s) return offsetIn(opened, s) end
  zones[name] = zone
  return zone
end

-- When it is `localSeconds` in the zone. What comes twice, when clocks are set back, is the first
-- time; what is left out, when they are set forward, is as late as by the clock that wasn't set
-- (RFC 5545, 3.3.5).
local function instantOf(localSeconds, zone)
  local before, after = zone(localSeconds - DAY), zone(localSeconds + DAY)
  local s = localSeconds - before
  if before ~= after and zone(s) ~= before and zone(localSeconds - after) == after then
    return localSeconds - after
  end
  return s
end

-- ---- fields ----

local function isLeap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

local function daysIn(year, month)
  if month == 2 then
    return isLeap(year) and 29 or 28
  end
  return (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
end

local RANGES = {
  { "month", 1, 12 }, { "hour", 0, 23 }, { "minute", 0, 59 }, { "second", 0, 60 },
}

-- Local seconds of fields; raises an error where no calendar has them. A leap second is the one
-- after it.
local function secondsOf(f, what, s)
  for _, range in ipairs(RANGES) do
    local value = f[range[1]]
    if value < range[2] or value > range[3] then
      raise(("%s: %q has %s as its %s"):format(what, s, value, range[1]))
    end
  end
  if f.day < 1 or f.day > daysIn(f.year, f.month) then
    raise(("%s: %q: %04d-%02d has no day %d"):format(what, s, f.year, f.month, f.day))
  end
  return days(f.year, f.month, f.day) * DAY + f.hour * 3600 + f.minute * 60 + f.second
end

-- What a clock and a calendar in the zone show at `s`.
local function fieldsOf(s, zone)
  local offset, abbreviation = zone(s)
  local localSeconds = s + offset
  local day = floor(localSeconds / DAY)
  local rest = localSeconds - day * DAY
  local f = { unix = s, offset = offset, abbreviation = abbreviation, dayNumber = day }
  f.year, f.month, f.day = civil(day)
  f.hour, f.minute, f.second = floor(rest / 3600), floor(rest / 60) % 60, rest % 60
  f.weekday = (day + 3) % 7 + 1 -- 1 is Monday
  f.yearday = day - days(f.year, 1, 1) + 1
  return f
end

-- Nanoseconds of the digits behind a point.
local function fractionOf(digits)
  return tonumber((digits .. "000000000"):sub(1, 9))
end

-- ---- ISO 8601 and RFC 3339 ----

local DATE = "^(%d%d%d%d)%-(%d%d)%-(%d%d)()"
local CLOCK = "^[Tt ](%d%d):(%d%d)()"

-- Seconds and nanoseconds; nil where it is no such text. Without an offset it is in the zone.
local function parseIso(s, zone, what)
  local year, month, day, at = s:match(DATE)
  if not year then
    return nil
  end
  local f = { year = tonumber(year), month = tonumber(month), day = tonumber(day) }
  local hour, minute, behind = s:match(CLOCK, at)
  local second, fraction, rest = "0", "", s:sub(at)
  if hour then
    rest = s:sub(behind)
    local seconds, digits, tail = rest:match "^:(%d%d)[.,](%d+)(.*)$"
    if not seconds then
      seconds, tail = rest:match "^:(%d%d)(.*)$"
    end
    if seconds then
      second, fraction, rest = seconds, digits or "", tail
    end
  end
  local offset = (rest == "Z" or rest == "z") and 0 or offsetOf(rest)
  if rest ~= "" and not (offset and hour) then
    return nil
  end
  f.hour, f.minute, f.second = tonumber(hour or 0), tonumber(minute or 0), tonumber(second)
  local localSeconds = secondsOf(f, what, s)
  return offset and localSeconds - offset or instantOf(localSeconds, zone), fractionOf(fraction)
end

-- A time, or a text that is one: its seconds and nanoseconds.
local function take(t, what, name)
  local s, ns = parts(t)
  if not s and type(t) == "string" then
    s, ns = parseIso(t, zones.UTC, what)
    if not s then
      raise(("%s: %q is no time such as \"2026-11-23T10:00:00Z\": read it by time.parse with its "
        .. "format"):format(what, t))
    end
  elseif not s then
    raise(what .. ": " .. name .. " must be a time or a text such as \"2026-11-23T10:00:00Z\", "
      .. "not " .. describe(t) .. (type(t) == "number" and ": write time.fromUnix(…)" or ""))
  end
  return s, ns
end

function time.iso(t, zone)
  local s, ns = take(t, "time.iso", "t")
  return show(make(s, ns, "time.iso"), (zoneOf(zone, "time.iso")(s)))
end

-- ---- Unix time ----

local UNITS = { s = 1, ms = 1e3, us = 1e6, ns = 1e9 }

local function unitOf(unit, what)
  local perSecond = UNITS[unit == nil and "s" or unit]
  if not perSecond then
    raise(what .. ": unit must be \"s\", \"ms\", \"us\" or \"ns\"")
  end
  return perSecond
end

function time.unix(t, unit)
  local s, ns = take(t, "time.unix", "t")
  local perSecond = unitOf(unit, "time.unix")
  if perSecond == 1 then
    return s + ns / 1e9
  elseif perSecond < 1e9 then
    return s * perSecond + floor(ns * perSecond / 1e9)
  end
  -- Too large for a number: an exact one.
  local sign = s < 0 and "-" or ""
  if s < 0 then
    s, ns = -s, -ns
  end
  if ns < 0 then
    s, ns = s - 1, ns + 1e9
  end
  return json.decode(sign .. (("%.0f%09d"):format(s, ns):match "^0*(%d+)$"))
end

-- To the microsecond where it is a number of seconds, since it holds no more.
local function splitNumber(n, perSecond)
  local s = floor(n / perSecond)
  local rest = (n - s * perSecond) * (1e9 / perSecond)
  if perSecond == 1 then
    return s, floor(rest / 1e3 + 0.5) * 1e3
  end
  return s, floor(rest + 0.5)
end

-- Whole numbers of any size, as digits.
local function splitDigits(text, perSecond)
  local width = perSecond == 1 and 0 or #("%.0f"):format(perSecond) - 1
  local sign, digits = text:match "^(-?)(%d+)$"
  if not sign then
    return nil
  end
  local s = tonumber(digits:sub(1, -width - 1)) or 0
  local ns = (tonumber(digits:sub(-width)) or 0) * (1e9 / perSecond)
  if width == 0 then
    ns = 0
  end
  if sign == "-" then
    s, ns = -s, -ns
  end
  return s + floor(ns / 1e9), fmod(ns + 1e9, 1e9)
end

function time.fromUnix(n, unit)
  local perSecond, s, ns = unitOf(unit, "time.fromUnix")
  local text = describe(n) == "an exact number" and tostring(n) or type(n) == "string" and n
  if text then
    s, ns = splitDigits(text, perSecond)
    n = not s and tonumber(text) or n
  end
  if not s and type(n) == "number" and n - n == 0 then
    s, ns = splitNumber(n, perSecond)
  elseif not s then
    raise("time.fromUnix: n must be a number, not " .. describe(n))
  end
  return make(s, ns, "time.fromUnix")
end

-- For the subject's other files.
host.DAY, host.MONTHS, host.WEEKDAYS = DAY, MONTHS, WEEKDAYS
host.zones, host.zoneOf, host.offsetOf = zones, zoneOf, offsetOf
host.instantOf, host.fieldsOf, host.secondsOf = instantOf, fieldsOf, secondsOf
host.isLeap, host.daysIn, host.fractionOf = isLeap, daysIn, fractionOf
host.take, host.parseIso = take, parseIso
