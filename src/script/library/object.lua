-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- Objects: mapKeys, mapValues, flatten, unflatten, merge and assign.

local globals, host = ...
local raise, describe = host.raise, host.describe
local checkList, checkFunction, checkTable = host.list, host.func, host.table
local isList, names = host.isList, host.names

local DEPTH_MAX = 512

local function checkDepth(depth, what)
  if depth > DEPTH_MAX then
    raise(what .. ": it is nested deeper than " .. DEPTH_MAX .. " tables; does one contain itself?")
  end
end

local function checkObject(t, what, name)
  if type(t) ~= "table" or isList(t) then
    raise(what .. ": " .. name .. " must be an object, not " .. describe(t))
  end
end

-- ---- mapKeys, mapValues ----

-- A list whose elements are what `each` makes of them.
local function mapElements(list, each, what)
  local mapped = array {}
  for i = 1, checkList(list, what, "t") do
    mapped[i] = each(list[i], i)
  end
  return mapped
end

local function renamed(name, value, fn)
  local new = fn(name, value)
  if new == nil or new == null then
    return nil
  elseif type(new) ~= "string" then
    raise("mapKeys: the function must return a name, a string, and not " .. describe(new))
  end
  return new
end

local function mapKeys(t, fn, isDeep, depth)
  checkDepth(depth, "mapKeys")
  local function inner(value)
    if isDeep and type(value) == "table" then
      return mapKeys(value, fn, isDeep, depth + 1)
    end
    return value
  end
  if isList(t) then
    return mapElements(t, inner, "mapKeys")
  end
  local mapped, origin = {}, {}
  for _, name in ipairs(names(t, "mapKeys")) do
    local new = renamed(name, t[name], fn)
    if new and origin[new] then
      raise(('mapKeys: both "%s" and "%s" become "%s"'):format(origin[new], name, new))
    elseif new then
      mapped[new], origin[new] = inner(t[name]), name
    end
  end
  return mapped
end

function globals.mapKeys(t, fn, options)
  local isDeep = host.options("mapKeys", options, "deep", "boolean")
  if isDeep then
    checkTable(t, "mapKeys", "t")
  else
    checkObject(t, "mapKeys", "t")
  end
  checkFunction(fn, "mapKeys", "fn")
  return mapKeys(t, fn, isDeep, 1)
end

local function mapValues(t, fn, isDeep, depth)
  checkDepth(depth, "mapValues")
  local function inner(value, key)
    if isDeep and type(value) == "table" then
      return mapValues(value, fn, isDeep, depth + 1)
    end
    return fn(value, key)
  end
  if isList(t) then
    return mapElements(t, function(value, i)
      local new = inner(value, i)
      if new == nil then
        raise("mapValues: the function returned nothing for element " .. i
          .. " of a list; return null where that is meant")
      end
      return new
    end, "mapValues")
  end
  local mapped = {}
  for _, name in ipairs(names(t, "mapValues")) do
    mapped[name] = inner(t[name], name)
  end
  return mapped
end

function globals.mapValues(t, fn, options)
  local isDeep = host.options("mapValues", options, "deep", "boolean")
  checkTable(t, "mapValues", "t")
  checkFunction(fn, "mapValues", "fn")
  return mapValues(t, fn, isDeep, 1)
end

-- ---- flatten, unflatten ----

local function checkSeparator(separator, what)
  if separator == nil then
    return "."
  elseif type(separator) ~= "string" or separator == "" then
    raise(what .. ": separator must be a string as in \"_\"")
  end
  return separator
end

local function flattenList(list, into, depth)
  checkDepth(depth, "flatten")
  for i = 1, checkList(list, "flatten", "t") do
    if type(list[i]) == "table" and isList(list[i]) then
      flattenList(list[i], into, depth + 1)
    else
      into[#into + 1] = list[i]
    end
  end
  return into
end

-- Lists, and what is empty, are values.
local function flattenObject(object, into, prefix, separator, depth)
  checkDepth(depth, "flatten")
  for _, name in ipairs(names(object, "flatten")) do
    local value, full = object[name], prefix .. name
    if type(value) == "table" and not isList(value) and next(value) ~= nil then
      flattenObject(value, into, full .. separator, separator, depth + 1)
    elseif into[full] ~= nil then
      raise(('flatten: two values would be named "%s"'):format(full))
    else
      into[full] = value
    end
  end
  return into
end

function globals.flatten(t, separator)
  checkTable(t, "flatten", "t")
  separator = checkSeparator(separator, "flatten")
  if isList(t) then
    return flattenList(t, array {}, 1)
  end
  return flattenObject(t, {}, "", separator, 1)
end

-- The parts of a name, one after another.
local function parts(name, separator)
  local from = 1
  return function()
    if not from then
      return nil
    end
    local start, stop = name:find(separator, from, true)
    local part = name:sub(from, start and start - 1)
    from = stop and stop + 1
    return part, not from
  end
end

-- The object of that name, which is made where there is none; `made` knows those that were.
local function enter(object, part, made, name)
  local inner = object[part]
  if inner == nil then
    inner = {}
    object[part], made[inner] = inner, true
  elseif not made[inner] then
    raise(('unflatten: "%s" has a name within what is a value by another'):format(name))
  end
  return inner
end

function globals.unflatten(t, separator)
  checkObject(t, "unflatten", "t")
  separator = checkSeparator(separator, "unflatten")
  local whole, made = {}, {}
  for _, name in ipairs(names(t, "unflatten")) do
    local object = whole
    for part, isLast in parts(name, separator) do
      if not isLast then
        object = enter(object, part, made, name)
      elseif object[part] ~= nil then
        raise(('unflatten: "%s" is a value here and an object by another name'):format(name))
      else
        object[part] = t[name]
      end
    end
  end
  return whole
end

-- ---- merge, assign ----

-- So that what is changed in the result later is changed nowhere else.
local function copy(value, depth)
  checkDepth(depth, "merge")
  if type(value) ~= "table" then
    return value
  elseif isList(value) then
    return mapElements(value, function(element) return copy(element, depth + 1) end, "merge")
  end
  local copied = {}
  for name, member in pairs(value) do
    copied[name] = copy(member, depth + 1)
  end
  return copied
end

local function isObject(value)
  return type(value) == "table" and not isList(value)
end

local function mergeInto(whole, object, depth)
  checkDepth(depth, "merge")
  for name, value in pairs(object) do
    if isObject(value) and isObject(whole[name]) then
      mergeInto(whole[name], value, depth + 1)
    else
      whole[name] = copy(value, depth + 1)
    end
  end
end

local function checkObjects(what, ...)
  for i = 1, select("#", ...) do
    checkObject((select(i, ...)), what, "argument " .. i)
  end
end

function globals.merge(...)
  checkObjects("merge", ...)
  local merged = {}
  for i = 1, select("#", ...) do
    mergeInto(merged, (select(i, ...)), 1)
  end
  return merged
end

function globals.assign(...)
  checkObjects("assign", ...)
  local assigned = {}
  for i = 1, select("#", ...) do
    for name, value in pairs((select(i, ...))) do
      assigned[name] = value
    end
  end
  return assigned
end
