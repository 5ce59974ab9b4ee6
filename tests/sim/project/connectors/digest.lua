local post = require "post"
-- … once a minute.
return {
  send = function(data, delivery) return post("digest", data, delivery) end,
  coalesce = true,
  retry = { attempts = 4 },
}
