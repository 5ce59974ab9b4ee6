-- The calendar: POST makes an entry and answers {"id": …}. It knows repeated requests by their
-- Idempotency-Key, which Liaison sends by itself.

local url = setting("calendarUrl")

return function(data)
  return http.post(url .. "/entries", { json = data })
end
