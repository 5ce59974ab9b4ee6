local post = require "post"
-- Shows how things are now.
return {
  send = function(data, delivery) return post("board", data, delivery) end,
  coalesce = true,
}
