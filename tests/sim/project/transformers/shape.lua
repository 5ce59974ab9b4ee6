-- Leaves out every seventh of a key, and fails where the project of this moment says so.
local broken = require "broken"

return function(data, event)
  if event.data.n % 7 == 0 then skip "every seventh" end
  if broken then error("not mended yet") end
  return assign({ shaped = true }, data)
end
