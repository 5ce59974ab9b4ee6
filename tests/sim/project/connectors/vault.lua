local post = require "post"
-- Nothing goes on without what came before.
return {
  send = function(data, delivery) return post("vault", data, delivery) end,
  onDead = "park",
  retry = { attempts = 2, base = "1s" },
}
