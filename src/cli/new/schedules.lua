-- What should be sent for which event; `liaison test` runs it.

local event = {
  type = "schedule.updated",
  data = { id = 7, startTime = "2026-11-23T09:00:00Z" },
}

describe("schedule.updated", function()
  it("reaches the calendar and the warehouse", function()
    expect(handle(event)):equals {
      { connector = "calendarApi", data = { id = 7, start = "2026-11-23T09:00:00Z" } },
      { connector = "dataWarehouse", data = event.data },
    }
  end)

  it("is one post to the calendar", function()
    local requests = deliver("calendarApi", { id = 7, start = "2026-11-23T09:00:00Z" })
    expect(requests):hasLength(1)
    expect(requests[1]):contains {
      method = "POST",
      json = { eventId = 7, startTime = "2026-11-23T09:00:00Z" },
    }
  end)
end)
