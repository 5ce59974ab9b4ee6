-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- A connector's `verify`: what was written before and never answered may be there, so that it is
-- asked before it is sent again. It is Lua's own xpcall here, with the handler of runs.

local _, host = ...
local xpcall = xpcall
local beginVerify, finishVerify = host.beginVerify, host.finishVerify
local note, isEcho, raiseNoted = host.note, host.isEcho, host.raiseNoted

local function isThere(verify, data, delivery)
  beginVerify()
  return finishVerify(verify(data, delivery))
end

host.isThere = isThere

-- A 409 may be the echo of what was taken meanwhile. Where that isn't so, it is the attempt's end.
function host.sendAgain(verify, send, data, delivery)
  if isThere(verify, data, delivery) then
    return nil
  end
  local ok, result = xpcall(send, note, data, delivery)
  if ok then
    return result
  end
  if isEcho(result) and isThere(verify, data, delivery) then
    return nil
  end
  return raiseNoted(result)
end
