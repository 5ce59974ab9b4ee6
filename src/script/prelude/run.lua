-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- The functions that runs begin with. Their arguments are made here, within the run, so that making
-- them counts as the run's time and memory.

local _, host = ...
local beginHandler, beginAttempt = host.beginHandler, host.beginAttempt
local beginFunction = host.beginFunction
local beginRow, beginBatch = host.beginRow, host.beginBatch
local refuseNoData = host.refuseNoData

function host.runHandler()
  local handler, event = beginHandler()
  return handler(event)
end

function host.runFunction()
  local f, event = beginFunction()
  return f(event)
end

local function transform(data, transformers, event)
  for i = 1, #transformers do
    data = transformers[i](data, event)
    if data == nil then
      refuseNoData(transformers[i])
    end
  end
  return data
end

function host.runAttempt()
  local send, data, delivery, transformers, event, verify = beginAttempt()
  if transformers then
    data = transform(data, transformers, event)
  end
  if verify then
    return host.sendAgain(verify, send, data, delivery)
  end
  return send(data, delivery)
end

-- What a row of a batch becomes, and whether it is there already.
function host.runRow()
  local data, transformers, event, verify, delivery = beginRow()
  if transformers then
    data = transform(data, transformers, event)
  end
  return data, verify and host.isThere(verify, data, delivery)
end

function host.runBatch()
  local send, list, batch = beginBatch()
  return send(list, batch)
end
