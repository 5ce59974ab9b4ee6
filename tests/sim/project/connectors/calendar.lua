local post = require "post"
-- The document's own policy.
return {
  send = function(data, delivery) return post("calendar", data, delivery) end,
  retry = { attempts = 3, base = "200ms", growth = "linear", jitter = false },
}
