local mark = require "mark"
local sync = SyncManager.new { eventBusUrl = "http://bus.sim/events", name = "bus" }

sync:on("order.*", { name = "plain" }, function(event)
  sync:send { connector = "ledger", data = mark(event, "plain") }
end)

-- Several sends, two of them to one connector.
sync:on("order.created", { name = "fan" }, function(event)
  sync:send { connector = "ledger", data = mark(event, "fan") }
  sync:send { connector = "calendar", data = mark(event, "fan", 1) }
  sync:send { connector = "calendar", data = mark(event, "fan", 2) }
end)

sync:on("order.paid", { name = "late" }, function(event)
  sync:send { connector = "mail", data = mark(event, "late"), delay = "2m", expires = "40m" }
end)

-- Asks before it sends.
sync:on("order.paid", { name = "enrich" }, function(event)
  http.get("http://lookup.sim/in", { query = { mark = event.id .. " enrich 1", key = event.key } })
  sync:send { connector = "calendar", data = mark(event, "enrich") }
end)

-- Waits for the end of what it sent.
sync:on("order.shipped", { name = "await" }, function(event)
  local sent = sync:send { connector = "ledger", data = mark(event, "await") }
  local answer = sent:await()
  local data = mark(event, "await")
  data.was_delivered = answer ~= nil
  sync:send { connector = "calendar", data = data }
end)

-- In an order of its own.
sync:on("note", { name = "grouped", key = function(event) return "group" .. event.data.n % 3 end },
  function(event)
    sync:send { connector = "metrics", data = mark(event, "grouped") }
  end)

-- Where one is dead, its key's others wait for people.
sync:on("note", { name = "file" }, function(event)
  sync:send { connector = "vault", data = mark(event, "file") }
end)

sync:on("order.*", { name = "rows" }, function(event)
  sync:send { connector = "warehouse", data = mark(event, "rows") }
end)

-- Of many only the newest matters.
sync:on("order.*", { name = "digest" }, function(event)
  sync:send { connector = "digest", data = mark(event, "digest"), delay = "1m" }
end)

sync:start()
