-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- What Lua's own functions must do differently here.

local globals = ...
local pcall, select, tostring = pcall, select, tostring
local concat = table.concat
local info = globals.log.info

local function finish(handler, ok, ...)
  if ok then
    return true, ...
  end
  return false, handler(...)
end

-- Lua's own xpcall runs the error handler where no hook can stop it; this one runs it afterwards.
function globals.xpcall(f, handler, ...)
  return finish(handler, pcall(f, ...))
end

-- There is no standard output: lines go to the log.
function globals.print(...)
  local parts = {}
  for i = 1, select("#", ...) do
    parts[i] = tostring((select(i, ...)))
  end
  info(concat(parts, "\t"))
end
