local post = require "post"
return {
  send = function(data, delivery) return post("metrics", data, delivery) end,
  order = "none",
  retry = { age = "2h" },
}
