local post = require "post"
-- Asks before it sends again what may be there.
return {
  send = function(data, delivery) return post("mail", data, delivery) end,
  verify = function(_, delivery)
    return http.get("http://mail.sim/has", { query = { id = delivery.id } }).json.there
  end,
  retry = { attempts = 6, age = "1h" },
  timeout = "3s",
  concurrency = 2,
}
