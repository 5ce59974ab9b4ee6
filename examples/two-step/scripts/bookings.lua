-- Two steps, the second of which needs what the first one brought: an entry in the calendar, and
-- its id beside the booking in the warehouse.

local sync = SyncManager.new {}

sync:on("booking.made", function(event)
  local booking = event.data
  local created = sync:send {
    connector = "calendar",
    data = { title = booking.title, start = booking.start },
  }

  local answer, failure = created:await()
  if not answer then
    reject("no entry in the calendar: " .. failure.error)
  end

  sync:send {
    connector = "warehouse",
    data = { booking = booking.id, entry = answer.json.id },
  }
end)

sync:start()
