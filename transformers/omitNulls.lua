-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
--
-- Leaves out what is null, at any depth: many systems take a missing field for "unchanged" and a
-- null for "cleared". Items of arrays stay, so that positions do.
--
--     return { transformer = "omitNulls", send = function(data) … end }

local without

local function ofList(list)
  local kept = array {}
  for i, item in ipairs(list) do kept[i] = without(item) end
  return kept
end

local function ofObject(object)
  local kept = {}
  for name, item in pairs(object) do
    if item ~= null then kept[name] = without(item) end
  end
  return kept
end

function without(value)
  if type(value) ~= "table" or next(value) == nil then return value end
  return value[1] ~= nil and ofList(value) or ofObject(value)
end

return function(data)
  return without(data)
end
