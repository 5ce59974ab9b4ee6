-- The project of fuzz_lua_json.c, which knows these handlers by their order.

local sync = SyncManager.new {}

sync:on("untouched", function(event)
  sync:send { connector = "out", data = event.data }
end)

sync:on("looked into", function(event)
  get(event.data, "a")
  sync:send { connector = "out", data = event.data }
end)

sync:on("wrapped", function(event)
  sync:send { connector = "out", data = { wrapped = event.data } }
end)

sync:on("decoded", function(event)
  sync:send { connector = "out", data = { decoded = json.decode(event.data) } }
end)

sync:start()
