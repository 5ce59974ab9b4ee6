-- Both steps, and what happens where the first one fails.

local event = {
  type = "booking.made",
  data = { id = 1, title = "Knee", start = "2026-12-01T09:00:00Z" },
}
local calendar = setting("calendarUrl") .. "/entries"

describe("booking.made", function()
  it("gets an entry, and its id into the warehouse", function()
    http.fake("POST", calendar, { status = 201, json = { id = "entry-1" } })
    local sends = handle(event)
    expect(sends):equals {
      { connector = "calendar", data = { title = "Knee", start = "2026-12-01T09:00:00Z" } },
      { connector = "warehouse", data = { booking = 1, entry = "entry-1" } },
    }
    expect(sends[2].requests[1]):contains {
      method = "PUT", url = setting("warehouseUrl") .. "/bookings/1",
    }
  end)

  it("is rejected where the calendar refuses it", function()
    http.fake("POST", calendar, 422)
    expect(function() handle(event) end):raises "no entry in the calendar: "
  end)
end)
