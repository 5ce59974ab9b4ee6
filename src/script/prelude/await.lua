-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- delivery:await(). Starting it gives control to the host; what comes after it runs once the
-- delivery has ended.

local _, host = ...
local start, finish = host.startAwait, host.finishAwait

function host.await(delivery)
  start(delivery)
  return finish()
end
