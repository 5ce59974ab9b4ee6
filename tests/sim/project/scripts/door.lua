local mark = require "mark"
local sync = SyncManager.new {}

sync:on("ship.*", { name = "ship" }, function(event)
  sync:send { connector = "ledger", data = mark(event, "ship") }
  sync:send { connector = "mail", data = mark(event, "ship"), key = "all" }
end)

local function is_third(event) return event.data.n % 3 == 0 end

sync:on("ship.*", { name = "third", filter = is_third }, function(event)
  sync:send { connector = "calendar", data = mark(event, "third") }
end)

sync:on("ship.left", { name = "picky" }, function(event)
  sync:send { connector = "strict", data = mark(event, "picky") }
end)

sync:on("ship.*", { name = "board" }, function(event)
  sync:send { connector = "board", data = mark(event, "board") }
end)

-- Without a key there is no order.
sync:on("tick", { name = "tick" }, function(event)
  sync:send { connector = "metrics", data = mark(event, "tick") }
end)

sync:on("tick", { name = "count" }, function(event)
  sync:send { connector = "warehouse", data = mark(event, "count") }
end)

sync:start()
