local post = require "post"
return {
  send = function(data, delivery) return post("mail", data, delivery) end,
  retry = { attempts = 6, age = "1h" },
  timeout = "3s",
  concurrency = 2,
}
