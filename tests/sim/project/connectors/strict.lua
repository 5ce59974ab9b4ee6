local post = require "post"
return {
  send = function(data, delivery) return post("strict", data, delivery) end,
  transformer = "shape",
}
