-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- Lists: map, filter, fold, sorting and grouping. Each gives a list or an object of its own.

local globals, host = ...
local raise, describe = host.raise, host.describe
local checkList, checkFunction, checkTable = host.list, host.func, host.table
local isList, names = host.isList, host.names

-- What is taken of an element: what a function makes of it, or what stands at a path as `get`
-- takes it.
local function reader(by, what, name)
  if type(by) == "function" then
    return by
  elseif type(by) ~= "string" then
    raise(("%s: %s must be a name or a function, not %s"):format(what, name or "by", describe(by)))
  end
  return function(element) return get(element, by) end
end

local function raiseNothing(fn, i)
  if type(fn) == "function" then
    raise("map: the function returned nothing for element " .. i
      .. "; return null where that is meant, or leave elements out by filter")
  end
  raise(("map: element %d has nothing at `%s`; write function(e) return get(e, %q, null) end where "
    .. "null is meant, or leave such elements out: filter(list, %q)"):format(i, fn, fn, fn))
end

function globals.map(list, fn)
  local n = checkList(list, "map", "list")
  local read, mapped = reader(fn, "map", "fn"), array {}
  for i = 1, n do
    local value = read(list[i], i)
    if value == nil then
      raiseNothing(fn, i)
    end
    mapped[i] = value
  end
  return mapped
end

function globals.filter(list, fn)
  local n = checkList(list, "filter", "list")
  local read, kept = reader(fn, "filter", "fn"), array {}
  for i = 1, n do
    local answer = read(list[i], i)
    if answer and answer ~= null then
      kept[#kept + 1] = list[i]
    end
  end
  return kept
end

function globals.fold(list, start, fn)
  local n = checkList(list, "fold", "list")
  checkFunction(fn, "fold", "fn")
  local sum = start
  for i = 1, n do
    sum = fn(sum, list[i], i)
  end
  return sum
end

-- ---- sorting ----

local sortable = { ["a number"] = true, ["a string"] = true, ["a time"] = true }

local function kindOf(value)
  return type(value) == "boolean" and "a boolean" or isNumber(value) and "a number"
    or describe(value)
end

-- The values that a list is sorted by: of one kind, where there is one. False is 0, true 1.
local function sortValues(list, n, read)
  local values, kind, first = {}, nil, nil
  for i = 1, n do
    local value = read(list[i], i)
    if value ~= nil and value ~= null then
      local own = kindOf(value)
      kind, first = kind or own, first or i
      if own ~= kind then
        raise(("sortBy: element %d is to be sorted by %s, element %d by %s"):format(
          i, own, first, kind))
      elseif own == "a boolean" then
        value = value and 1 or 0
      elseif not sortable[own] then
        raise("sortBy: element " .. i .. " can't be sorted by " .. own)
      end
      values[i] = value
    end
  end
  return values
end

-- Whether element b goes before a, which stands before it. What has no value goes last.
local function isBefore(values, b, a, isDescending)
  b, a = values[b], values[a]
  if b == nil or a == nil then
    return b ~= nil
  elseif isDescending then
    return b > a
  end
  return b < a
end

-- Merges the sorted runs from..middle-1 and middle..last of `order` into `merged`.
local function mergeRuns(order, merged, from, middle, last, values, isDescending)
  local a, b = from, middle
  for i = from, last do
    if a < middle and (b > last or not isBefore(values, order[b], order[a], isDescending)) then
      merged[i], a = order[a], a + 1
    else
      merged[i], b = order[b], b + 1
    end
  end
end

-- Positions in the order of their values; of equals the first stays first.
local function sortPositions(n, values, isDescending)
  local order, merged, width = {}, {}, 1
  for i = 1, n do
    order[i] = i
  end
  while width < n do
    for from = 1, n, 2 * width do
      local middle, last = math.min(from + width, n + 1), math.min(from + 2 * width - 1, n)
      mergeRuns(order, merged, from, middle, last, values, isDescending)
    end
    order, merged, width = merged, order, 2 * width
  end
  return order
end

function globals.sortBy(list, by, options)
  local n = checkList(list, "sortBy", "list")
  local isDescending = host.options("sortBy", options, "desc", "boolean")
  local order = sortPositions(n, sortValues(list, n, reader(by, "sortBy")), isDescending)
  local sorted = array {}
  for i = 1, n do
    sorted[i] = list[order[i]]
  end
  return sorted
end

-- ---- grouping ----

-- The name under which an element is found: members of objects have texts for names.
local function groupName(value, i, what)
  return host.textOf(value) or raise(what .. ": element " .. i .. " has " .. describe(value)
    .. " where a text or a number is needed; leave it out by filter, or give a function")
end

function globals.groupBy(list, by)
  local n = checkList(list, "groupBy", "list")
  local read, groups = reader(by, "groupBy"), {}
  for i = 1, n do
    local name = groupName(read(list[i], i), i, "groupBy")
    local group = groups[name]
    if not group then
      group = array {}
      groups[name] = group
    end
    group[#group + 1] = list[i]
  end
  return groups
end

function globals.indexBy(list, by)
  local n = checkList(list, "indexBy", "list")
  local read, index = reader(by, "indexBy"), {}
  for i = 1, n do
    index[groupName(read(list[i], i), i, "indexBy")] = list[i]
  end
  return index
end

-- Two values are one when they are the same as JSON.
function globals.unique(list, by)
  local n = checkList(list, "unique", "list")
  local read = by ~= nil and reader(by, "unique")
  local seen, kept = {}, array {}
  for i = 1, n do
    local value = list[i]
    if read then
      value = read(value, i)
    end
    local text = json.encode(value == nil and null or value)
    if not seen[text] then
      seen[text] = true
      kept[#kept + 1] = list[i]
    end
  end
  return kept
end

-- ---- what is in a list or an object ----

-- Its names in the order of their bytes, or its positions.
local function keysOf(t, what)
  checkTable(t, what, "t")
  if not isList(t) then
    return names(t, what)
  end
  local positions = array {}
  for i = 1, checkList(t, what, "t") do
    positions[i] = i
  end
  return positions
end

function globals.keys(t)
  return keysOf(t, "keys")
end

function globals.values(t)
  local found = keysOf(t, "values")
  for i = 1, #found do
    found[i] = t[found[i]]
  end
  return found
end

function globals.entries(t)
  local found = keysOf(t, "entries")
  for i = 1, #found do
    found[i] = { key = found[i], value = t[found[i]] }
  end
  return found
end

function globals.count(t)
  return #keysOf(t, "count")
end
