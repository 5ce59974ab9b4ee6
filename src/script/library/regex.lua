-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- regex.*: Perl's regular expressions. Positions are in bytes within this file, and in characters
-- outside.

local globals, host = ...
local regex = globals.regex
local compile, search, groupsOf = host.compile, host.search, host.groups
local raise, describe, utf8, whole = host.raise, host.describe, host.utf8, host.whole
local length, concat = text.length, table.concat

-- Compiled patterns: the newest CACHED at least, twice as many at most.
local CACHED = 64
local young, old, count = {}, {}, 0

local function compiled(what, pattern)
  local code = young[pattern]
  if code then
    return code
  end
  code = old[pattern] or compile(pattern, what)
  if count == CACHED then
    young, old, count = {}, young, 0
  end
  young[pattern], count = code, count + 1
  return code
end

-- An iterator over the matches: where each begins, what stands behind it, and itself.
local function matches(what, s, pattern)
  local code, at, wasEmpty = compiled(what, pattern), 1, false
  return function()
    local first, after, match = search(code, s, at, wasEmpty, what)
    at, wasEmpty = after, first == after
    return first, after, match
  end
end

function regex.find(s, pattern)
  s = utf8(s, "regex.find", "s")
  local first, _, match = search(compiled("regex.find", pattern), s, 1, false, "regex.find")
  if not first then
    return nil
  end
  if type(match) == "string" then
    match = { [0] = match, groups = {} }
  end
  match.from = length(s:sub(1, first - 1)) + 1
  match.to = match.from + length(match[0]) - 1
  return match
end

function regex.findAll(s, pattern)
  local list = array {}
  s = utf8(s, "regex.findAll", "s")
  for _, _, match in matches("regex.findAll", s, pattern) do
    list[#list + 1] = match
  end
  return list
end

-- "a$1b${name}" as { "a", 1, "b", "name", "" }: texts and groups in turn.
local function parseTemplate(template, groups)
  local parts, at = {}, 1
  while true do
    local dollar = template:find("$", at, true)
    local before = template:sub(at, (dollar or 0) - 1)
    if not dollar then
      parts[#parts + 1] = before
      return parts
    end
    local key, after = template:match("^(%d+)()", dollar + 1)
    if not key then
      key, after = template:match("^{([%w_]+)}()", dollar + 1)
    end
    if not key and template:sub(dollar + 1, dollar + 1) ~= "$" then
      raise("regex.replace: a $ stands alone in the replacement: write $1, ${name}, or $$ for the "
        .. "sign itself")
    end
    parts[#parts + 1] = before
    key = tonumber(key) or key or "$"
    if key ~= "$" and not groups[key] then
      raise("regex.replace: the pattern has no group " .. key)
    end
    parts[#parts + 1] = key
    at = after or dollar + 2
  end
end

local function fillTemplate(parts, match)
  local out = {}
  for i = 1, #parts, 2 do
    local key = parts[i + 1]
    out[i] = parts[i]
    if key == "$" then
      out[i + 1] = "$"
    elseif key and type(match) == "string" then
      out[i + 1] = match
    elseif key then
      out[i + 1] = match[key] or ""
    end
  end
  return concat(out)
end

-- What a match becomes: a function of it.
local function replacer(by, pattern)
  if type(by) == "function" then
    return function(match, original)
      local new = by(match)
      if new == nil or new == false then
        return original
      elseif type(new) ~= "string" and type(new) ~= "number" then
        raise("regex.replace: the function must return a string, not " .. describe(new))
      end
      return new
    end
  end
  if type(by) ~= "string" and type(by) ~= "number" then
    raise("regex.replace: the replacement must be a string or a function, not " .. describe(by))
  end
  local parts = parseTemplate(tostring(by), groupsOf(compiled("regex.replace", pattern)))
  return function(match) return fillTemplate(parts, match) end
end

function regex.replace(s, pattern, by, n)
  s = utf8(s, "regex.replace", "s")
  local left = n == nil and math.huge or whole(n, "regex.replace", "n")
  if left < 0 then
    raise "regex.replace: n must be 0 or more; leave it out for all"
  end
  local new, out, at = replacer(by, pattern), {}, 1
  for first, after, match in matches("regex.replace", s, pattern) do
    if left < 1 then
      break
    end
    left = left - 1
    out[#out + 1] = s:sub(at, first - 1)
    out[#out + 1] = new(match, s:sub(first, after - 1))
    at = after
  end
  out[#out + 1] = s:sub(at)
  return concat(out)
end

function regex.split(s, pattern)
  local list, at = array {}, 1
  s = utf8(s, "regex.split", "s")
  for first, after in matches("regex.split", s, pattern) do
    if after > first then
      list[#list + 1] = s:sub(at, first - 1)
      at = after
    end
  end
  list[#list + 1] = s:sub(at)
  return list
end
