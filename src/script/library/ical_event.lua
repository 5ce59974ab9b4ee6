-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- ical.event, encode and decode: events as tables of plain values.

local globals, host = ...
local ical = globals.ical
local raise, escape, unescape = host.raise, host.escape, host.unescape

local PRODUCT = "-//Liaison//Liaison//EN"

-- ---- times ----

local function isDate(t)
  return type(t) == "string" and t:find "^%d%d%d%d%-%d%d%-%d%d$" ~= nil
end

local function hasOffset(t)
  return type(t) ~= "string" or t:find "[Zz]$" or t:find "[+-]%d%d:?%d?%d?$"
end

-- The property that a time is: a day, of the event's zone, of no zone, or UTC.
local function timeProperty(name, t, event)
  if isDate(t) then
    return { name = name, params = { VALUE = "DATE" }, value = (t:gsub("-", "")) }
  end
  local zone = event.zone
  if not hasOffset(t) then
    t = time.parse(t, nil, zone)
  end
  if event.floating then
    return { name = name, value = time.format(t, "%Y%m%dT%H%M%S") }
  elseif zone and zone ~= "UTC" then
    return {
      name = name, params = { TZID = zone }, value = time.format(t, "%Y%m%dT%H%M%S", zone),
    }
  end
  return { name = name, value = time.format(t, "%Y%m%dT%H%M%SZ") }
end

local function utc(name, t)
  return { name = name, value = time.format(t, "%Y%m%dT%H%M%SZ") }
end

-- A time as decode gives it, and its zone or nil, and whether it floats.
local function readTime(property)
  local params, value = property.params or {}, property.value
  local y, m, d = value:match "^(%d%d%d%d)(%d%d)(%d%d)$"
  if y then
    return y .. "-" .. m .. "-" .. d
  end
  local ok, t = pcall(time.parse, value, "%Y%m%dT%H%M%SZ")
  if ok then
    return t
  end
  ok, t = pcall(time.parse, value, "%Y%m%dT%H%M%S", params.TZID)
  if ok and params.TZID then
    return t, params.TZID
  end
  ok, t = pcall(time.parse, value, "%Y%m%dT%H%M%S")
  if not ok then
    raise(("ical.decode: %s is no time: %q"):format(property.name, value))
  end
  return time.format(t, "%Y-%m-%dT%H:%M:%S"), params.TZID, not params.TZID
end

-- ---- zones: the changes of the clock around the event ----

local YEAR = 366 * 86400

local function offsetText(zone, s)
  return time.format(time.fromUnix(s), "%z", zone)
end

local function observance(zone, s, before)
  local after = offsetText(zone, s)
  -- The change's time is shown by the clock before it.
  local sign, hours, minutes = before:match "(.)(%d%d)(%d%d)"
  local seconds = (sign == "-" and -1 or 1) * (hours * 3600 + minutes * 60)
  local isLater = tonumber(after) > tonumber(before)
  return {
    name = isLater and "DAYLIGHT" or "STANDARD",
    properties = {
      { name = "DTSTART", value = time.format(time.fromUnix(s + seconds), "%Y%m%dT%H%M%S") },
      { name = "TZOFFSETFROM", value = before },
      { name = "TZOFFSETTO", value = after },
      { name = "TZNAME", value = time.format(time.fromUnix(s), "%Z", zone) },
    },
  }
end

-- The second at which what holds at `low` changes to what holds at `high`.
local function findChange(zone, low, high)
  local before = offsetText(zone, low)
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if offsetText(zone, middle) == before then
      low = middle
    else
      high = middle
    end
  end
  return high
end

-- A zone as it is from two years before `first` to `years` behind it.
local function zoneComponent(zone, first, years)
  local from = first - 2 * YEAR
  local before = offsetText(zone, from)
  local observances = { observance(zone, from, before) }
  for s = from, first + years * YEAR, 7 * 86400 do
    local after = offsetText(zone, s)
    if after ~= before then
      local change = findChange(zone, s - 7 * 86400, s)
      observances[#observances + 1] = observance(zone, change, before)
      before = after
    end
  end
  return {
    name = "VTIMEZONE",
    properties = { { name = "TZID", value = zone } },
    components = observances,
  }
end

-- ---- an event as properties ----

-- Fields that are texts, and the properties that they are.
local TEXTS = {
  { "uid", "UID" }, { "summary", "SUMMARY" }, { "description", "DESCRIPTION" },
  { "location", "LOCATION" }, { "comment", "COMMENT" }, { "contact", "CONTACT" },
}
-- Those that are written as they are: words, numbers, addresses, rules.
local WORDS = {
  { "status", "STATUS" }, { "sequence", "SEQUENCE" }, { "priority", "PRIORITY" },
  { "class", "CLASS" }, { "transparency", "TRANSP" }, { "url", "URL" }, { "geo", "GEO" },
  { "repeats", "RRULE" }, { "duration", "DURATION" },
}
local NUMBERS = { sequence = true, priority = true }
local TIMES = { { "start", "DTSTART" }, { "end", "DTEND" }, { "recurrence", "RECURRENCE-ID" } }
local STAMPS = { { "stamp", "DTSTAMP" }, { "created", "CREATED" }, { "modified", "LAST-MODIFIED" } }

local known = {
  zone = true, floating = true, categories = true, attendees = true, except = true, alarms = true,
  properties = true, components = true, organizer = true,
}
local fieldOf = { ORGANIZER = "organizer" } -- property -> field
for _, rows in ipairs { TEXTS, WORDS, TIMES, STAMPS } do
  for _, row in ipairs(rows) do
    known[row[1]], fieldOf[row[2]] = true, row[1]
  end
end

local function given(event, name)
  local value = event[name]
  if value == null then
    return nil
  end
  return value
end

-- What people call them elsewhere, where the names aren't near.
local meant = {
  finish = "end", ends = "end", stop = "end", ["until"] = "end", to = "end", begin = "start",
  from = "start", title = "summary", subject = "summary", name = "summary", id = "uid",
  notes = "description", place = "location", venue = "location", guests = "attendees",
  timezone = "zone", rule = "repeats", exceptions = "except", updated = "modified",
}

-- As it is written between braces: `end` is a word of Lua's own.
local function written(name)
  return name == "end" and '["end"]' or name
end

local function raiseUnknown(name, what)
  local names = {}
  for each in pairs(known) do
    names[#names + 1] = each
  end
  table.sort(names)
  local near = meant[name] or fieldOf[name:upper()] or host.nearest(name, names)
  for i, each in ipairs(names) do
    names[i] = written(each)
  end
  raise(("%s: an event has no field `%s`%s"):format(what, name, near
    and (": did you mean `%s`?"):format(written(near))
    or "; its fields are " .. table.concat(names, " ")
      .. ", other properties go to `properties`"))
end

local function checkEvent(event, what)
  host.checkTable(event, what, "the event")
  for name in pairs(event) do
    if not known[name] then
      raiseUnknown(tostring(name), what)
    end
  end
  for _, name in ipairs { "uid", "start" } do
    if given(event, name) == nil then
      raise(("%s: the event needs `%s`"):format(what, name))
    end
  end
end

local function wordOf(value, what, name)
  if type(value) == "number" then
    return ("%.14g"):format(value)
  end
  local s = host.text(value, what, name)
  if s:find "[\r\n]" then
    raise(("%s: `%s` can't have more than one line"):format(what, name))
  end
  return s
end

-- Appends what `make` gives for each value of a field that is a list.
local function addList(list, event, field, make)
  local values = given(event, field)
  if values == nil then
    return
  end
  host.checkTable(values, "ical", "`" .. field .. "` of the event")
  for _, value in ipairs(values) do
    list[#list + 1] = make(value)
  end
end

-- "mailto:ann@example.com", or { address = "mailto:…", CN = "Ann" }.
local function personProperty(name, person, what)
  if type(person) ~= "table" then
    return { name = name, value = wordOf(person, what, name) }
  end
  local params = {}
  for key, value in pairs(person) do
    params[key] = key ~= "address" and value or nil
  end
  return { name = name, params = params, value = wordOf(person.address, what, "address") }
end

local function alarmComponent(alarm)
  host.checkTable(alarm, "ical", "an alarm")
  local text = host.text(alarm.description or "Reminder", "ical", "`description` of an alarm")
  return {
    name = "VALARM",
    properties = {
      { name = "ACTION", value = "DISPLAY" },
      { name = "TRIGGER", value = ("-PT%.0fS"):format(time.duration(alarm.before or 0)) },
      { name = "DESCRIPTION", value = escape(text) },
    },
  }
end

local function addTimes(list, event)
  list[#list + 1] = utc("DTSTAMP", given(event, "stamp") or time.now())
  for i = 2, #STAMPS do
    local value = given(event, STAMPS[i][1])
    list[#list + 1] = value ~= nil and utc(STAMPS[i][2], value) or nil
  end
  for _, row in ipairs(TIMES) do
    local value = given(event, row[1])
    list[#list + 1] = value ~= nil and timeProperty(row[2], value, event) or nil
  end
end

local function addTexts(list, event, what)
  for _, row in ipairs(TEXTS) do
    local value = given(event, row[1])
    if value ~= nil then
      list[#list + 1] = { name = row[2], value = escape(host.text(value, what, row[1])) }
    end
  end
  for _, row in ipairs(WORDS) do
    local value = given(event, row[1])
    if value ~= nil then
      list[#list + 1] = { name = row[2], value = wordOf(value, what, row[1]) }
    end
  end
end

local function eventComponent(event, what)
  local list, inner, categories = {}, {}, {}
  local function same(value) return value end
  checkEvent(event, what)
  addTexts(list, event, what)
  addTimes(list, event)
  if given(event, "organizer") ~= nil then
    list[#list + 1] = personProperty("ORGANIZER", event.organizer, what)
  end
  addList(list, event, "attendees", function(value)
    return personProperty("ATTENDEE", value, what)
  end)
  addList(list, event, "except", function(value) return timeProperty("EXDATE", value, event) end)
  addList(categories, event, "categories", function(value)
    return escape(host.text(value, what, "categories"))
  end)
  if #categories > 0 then
    list[#list + 1] = { name = "CATEGORIES", value = table.concat(categories, ",") }
  end
  addList(list, event, "properties", same)
  addList(inner, event, "alarms", alarmComponent)
  addList(inner, event, "components", same)
  return { name = "VEVENT", properties = list, components = inner }
end

-- ---- calendars ----

-- The components of the zones that the events' times are in, but for those that are there.
local function addZones(components, events)
  local done = {}
  for _, component in ipairs(components) do
    for _, property in ipairs(component.name == "VTIMEZONE" and component.properties or {}) do
      done[property.name == "TZID" and property.value] = true
    end
  end
  for _, event in ipairs(events) do
    local zone = given(event, "zone")
    if zone and zone ~= "UTC" and not event.floating and not done[zone] and not isDate(event.start)
    then
      local first = time.unix(hasOffset(event.start) and event.start
        or time.parse(event.start, nil, zone))
      done[zone] = true
      components[#components + 1] = zoneComponent(zone, first, given(event, "repeats") and 10 or 2)
    end
  end
end

local function encode(calendar, what)
  local options = host.options
  local events, method, product, properties, more = options(what, calendar, "events", "table",
    "method", "string", "product", "string", "properties", "table", "components", "table")
  local out = {
    name = "VCALENDAR",
    properties = {
      { name = "VERSION", value = "2.0" }, { name = "PRODID", value = product or PRODUCT },
    },
    components = {},
  }
  if method then
    out.properties[3] = { name = "METHOD", value = wordOf(method, what, "method") }
  end
  for _, property in ipairs(properties or {}) do
    out.properties[#out.properties + 1] = property
  end
  for _, component in ipairs(more or {}) do
    out.components[#out.components + 1] = component
  end
  local components = {}
  for i, event in ipairs(events or {}) do
    components[i] = eventComponent(event, what)
  end
  addZones(out.components, events or {})
  for _, component in ipairs(components) do
    out.components[#out.components + 1] = component
  end
  return host.write(out)
end

function ical.encode(calendar)
  host.checkTable(calendar, "ical.encode", "the calendar")
  return encode(calendar, "ical.encode")
end

function ical.event(event)
  host.checkTable(event, "ical.event", "the event")
  return encode({ events = { event } }, "ical.event")
end

-- ---- decoding ----

local isText, isTime = {}, {}
for _, row in ipairs(TEXTS) do isText[row[2]] = true end
for _, rows in ipairs { TIMES, STAMPS } do
  for _, row in ipairs(rows) do isTime[row[2]] = true end
end

local function personOf(property)
  if not property.params then
    return property.value
  end
  local person = { address = property.value }
  for name, value in pairs(property.params) do
    person[name] = value
  end
  return person
end

local function append(event, field, value)
  event[field] = event[field] or array {}
  event[field][#event[field] + 1] = value
end

-- Puts a time into its field; the zone is the event's.
local function addTime(event, property)
  local t, zone, floats = readTime(property)
  event[fieldOf[property.name]] = t
  event.zone = event.zone or zone
  event.floating = event.floating or floats or nil
end

local function addProperty(event, property)
  local name, field = property.name, fieldOf[property.name]
  if name == "CATEGORIES" then
    for _, category in ipairs(host.unescapeList(property.value)) do
      append(event, "categories", category)
    end
  elseif name == "ATTENDEE" then
    append(event, "attendees", personOf(property))
  elseif name == "EXDATE" then
    for value in property.value:gmatch "[^,]+" do
      append(event, "except", (readTime { name = name, params = property.params, value = value }))
    end
  elseif not field or event[field] ~= nil then
    append(event, "properties", property)
  elseif name == "ORGANIZER" then
    event.organizer = personOf(property)
  elseif isTime[name] then
    addTime(event, property)
  elseif isText[name] then
    event[field] = unescape(property.value)
  else
    event[field] = NUMBERS[field] and tonumber(property.value) or property.value
  end
end

local function eventOf(component)
  local event = {}
  for _, property in ipairs(component.properties) do
    addProperty(event, property)
  end
  if #component.components > 0 then
    event.components = component.components
  end
  return event
end

function ical.decode(s)
  local component = host.read(host.utf8(s, "ical.decode", "s"))
  local calendar = { events = array {}, components = array {}, properties = array {} }
  for _, inner in ipairs(component.components) do
    if inner.name == "VEVENT" then
      calendar.events[#calendar.events + 1] = eventOf(inner)
    else
      calendar.components[#calendar.components + 1] = inner
    end
  end
  for _, property in ipairs(component.properties) do
    if property.name == "PRODID" then
      calendar.product = property.value
    elseif property.name == "METHOD" then
      calendar.method = property.value
    elseif property.name ~= "VERSION" then
      calendar.properties[#calendar.properties + 1] = property
    end
  end
  return calendar
end
