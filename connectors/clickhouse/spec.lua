-- Here "clickhouse" is the connector that example.lua makes.

local row = { id = 7, startTime = "2026-11-23T09:00:00Z", note = null }

local function answered(status, body, code)
  http.fake("POST", "*", {
    status = status, body = body, headers = { ["X-ClickHouse-Exception-Code"] = code },
  })
  return deliver("clickhouse", row)
end

describe("clickhouse", function()
  it("inserts a row in one request", function()
    local requests = deliver("clickhouse", row)
    expect(requests.outcome):is "delivered"
    expect(requests):hasLength(1)
    expect(requests[1].method):is "POST"
    expect(url.parse(requests[1].url).query):equals {
      query = "INSERT INTO `schedules` FORMAT JSONEachRow", date_time_input_format = "best_effort",
    }
    expect(requests[1].headers):contains { ["X-ClickHouse-User"] = "liaison" }
    expect(requests[1].json):equals(row)
  end)

  it("makes a list as many rows", function()
    local requests = deliver("clickhouse", { { id = 1 }, { id = 2 } })
    expect(requests[1].body):is '{"id":1}\n{"id":2}\n'
  end)

  it("gives up a row that is refused, by the header or by the body", function()
    local new = answered(500, "Cannot parse input", "27")
    expect(new.cause):is "refused"
    expect(new.reason):contains "Cannot parse input"
    local old = answered(500, "Code: 27, e.displayText() = DB::Exception: Cannot parse input")
    expect(old.cause):is "refused"
  end)

  it("takes a logical error for the row's where a value is named", function()
    local said = "Code: 49, e.displayText() = DB::Exception: "
    local named = answered(500, said .. "Unknown element 'b': (while read the value of key e)")
    expect(named.outcome):is "dead"
    expect(answered(500, said .. "Block structure mismatch").outcome):is "retry"
  end)

  it("tries again while ClickHouse has no room or is away", function()
    expect(answered(500, "Code: 241, e.displayText() = DB::Exception: Memory limit").outcome)
      :is "retry"
    http.fake("POST", "*", { failure = "connect" })
    expect(deliver("clickhouse", row).outcome):is "retry"
  end)

  it("is paused by a wrong password", function()
    expect(answered(401, "Code: 193, e.displayText() = DB::Exception: Wrong password").outcome)
      :is "pause"
  end)
end)
