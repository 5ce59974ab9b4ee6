-- Keeps the calendar and the data warehouse in step with the hospital's schedules.

local sync = SyncManager.new { eventBusUrl = setting("eventBusUrl", "http://hms-sys:9000/events") }

sync:on("schedule.updated", function(event)
  sync:send {
    connector = "calendarApi",
    data = { id = event.data.id, start = event.data.startTime },
  }
end)

sync:on("schedule.updated", function(event)
  sync:send { connector = "dataWarehouse", data = event.data }
end)

sync:start()
