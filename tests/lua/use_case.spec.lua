-- The scripts and connectors that ship: schedules to the calendar and to the warehouse.

local calendar, warehouse = "https://calendar.gov/api/update", "https://warehouse.internal/ingest"

local event = {
  type = "schedule.updated",
  data = json.decode [[{"id":12345678901234567890,"startTime":"2026-11-23T09:00:00Z","rooms":[]}]],
}

describe("schedule.updated", function()
  it("reaches the calendar and the warehouse", function()
    expect(handle(event)):equals {
      { connector = "calendarApi", data = { id = event.data.id, start = event.data.startTime } },
      { connector = "dataWarehouse", data = event.data },
    }
  end)

  it("is one post to each", function()
    local toCalendar, toWarehouse = unpack(handle(event))
    expect(toCalendar.requests):hasLength(1)
    expect(toCalendar.requests[1]):contains {
      method = "POST", url = calendar,
      json = { eventId = event.data.id, startTime = "2026-11-23T09:00:00Z" },
    }
    expect(toWarehouse.requests):hasLength(1)
    expect(toWarehouse.requests[1]):contains { method = "POST", url = warehouse, json = event.data }
  end)

  it("carries an id that other systems know a repetition by", function()
    local first, second = handle(event), handle(event)
    local key = first[1].requests[1].headers["Idempotency-Key"]
    expect(key):is(first[1].id)
    expect(key):is(second[1].requests[1].headers["Idempotency-Key"])
    expect(key).never:is(first[2].requests[1].headers["Idempotency-Key"])
  end)

  it("keeps the order of one schedule's events by its id", function()
    expect(handle(event)[1].key):is "12345678901234567890"
  end)
end)

describe("a calendar", function()
  local ends = {
    { 200, "delivered" }, { 204, "delivered" }, { 401, "pause" }, { 404, "dead" }, { 409, "dead" },
    { 429, "retry" }, { 500, "retry" }, { 501, "dead" }, { 503, "retry" },
  }

  for _, pair in ipairs(ends) do
    local status, outcome = unpack(pair)
    it("that answers " .. status .. " makes it " .. outcome, function()
      http.fake("POST", calendar, status)
      expect(deliver("calendarApi", { id = 1, start = "x" }).outcome):is(outcome)
    end)
  end

  it("that isn't there is tried again", function()
    http.fake("POST", calendar, { failure = "connect" })
    expect(deliver("calendarApi", { id = 1, start = "x" }).outcome):is "retry"
  end)
end)
