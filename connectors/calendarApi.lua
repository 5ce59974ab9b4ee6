-- The calendar: one POST for each schedule, three attempts 200 ms apart and growing; then it is
-- given up, also where all others fail, too.

return {
  retry = { attempts = 3, base = "200ms", growth = "linear", jitter = false },
  breaker = false,

  send = function(data)
    return http.post(setting("calendarUrl", "https://calendar.gov/api/update"), {
      json = { eventId = data.id, startTime = data.start },
    })
  end,
}
