-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- connector "NAME" { … }: a connector made of another by its options. What takes options returns
--
--     return {
--       about = "what it is for, in a line",
--       options = {
--         { name = "url", type = "text", required = true, help = "where it is" },
--         { name = "table", type = "string", default = "events", help = "…" },
--       },
--       new = function(options) return { send = function(data) … end } end,
--     }
--
-- The types are those of host.options: any string text boolean number duration table function.

local globals, host = ...
local raise, describe = host.raise, host.describe

local function readOptions(rows, given, what)
  local declared = {}
  for i = 1, #rows do
    declared[#declared + 1] = rows[i].name
    declared[#declared + 1] = rows[i].type or "any"
  end
  local values, options = { host.options(what, given, unpack(declared)) }, {}
  for i = 1, #rows do
    local row, value = rows[i], values[i]
    if value == nil and row.required then
      raise(("%s needs `%s`: %s"):format(what, row.name, row.help or "it has no default"))
    elseif value == nil then
      value = row.default
    end
    options[row.name] = value
  end
  return options
end

-- One that takes no options is what it is.
local function make(made, given, what)
  if type(made) == "table" and type(made.new) == "function" then
    return made.new(readOptions(made.options or {}, given, what))
  elseif next(given) ~= nil then
    raise(what .. " takes no options; write " .. what .. " {}")
  end
  return made
end

function globals.connector(name)
  if type(name) ~= "string" then
    raise("connector takes a name, as in connector \"clickhouse\" { … }, not " .. describe(name))
  end
  local what = ('connector "%s"'):format(name)
  local made = host.load(name)
  return function(given)
    if type(given) ~= "table" then
      raise(what .. ": its options must be a table, not " .. describe(given))
    end
    return make(made, given, what)
  end
end
