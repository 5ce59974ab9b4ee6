local post = require "post"
return {
  send = function(data, delivery) return post("metrics", data, delivery) end,
  order = "none",
  rate = "120/m",
  retry = { age = "2h" },
}
