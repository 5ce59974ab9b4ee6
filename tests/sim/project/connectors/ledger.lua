local post = require "post"
-- Patient: what it can't deliver now it delivers later.
return {
  send = function(data, delivery) return post("ledger", data, delivery) end,
  retry = { base = "500ms", cap = "2m" },
}
