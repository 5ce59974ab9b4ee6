-- What mappings do with dates, case by case of the conformance data (mapping-cases.json).

-- As it would reach another system.
local function sent(value)
  return json.decode(json.encode(value))
end

describe("mapping dates", function()
  it("date-parse-micro", function()
    local doc = { timestamp = "2020-Aug-14 11:50:26.371000" }
    local out = { doc = { timestamp = time.parse(doc.timestamp, "%Y-%b-%d %H:%M:%S.%f") } }
    expect(sent(out)):equals { doc = { timestamp = "2020-08-14T11:50:26.371Z" } }
  end)

  it("date-format-tz", function()
    local ts = "2021-02-10T23:32:00+00:00"
    expect(time.format(ts, "%d %B %Y %H:%M", "Europe/Berlin")):is "11 February 2021 00:32"
  end)

  it("date-tz-utc", function()
    expect(time.iso "2021-02-03T17:05:06+01:00"):is "2021-02-03T16:05:06Z"
  end)

  it("date-to-unix-ms", function()
    expect(sent(time.unix("2020-08-14T11:45:26.123Z", "ms"))):is(1597405526123)
  end)

  it("date-from-unix-ms", function()
    expect(sent(time.fromUnix(5000, "ms"))):is "1970-01-01T00:00:05Z"
  end)

  it("date-add-iso", function()
    local created_at = "2020-01-01T00:00:00Z"
    expect(sent(time.add(created_at, "P1Y2M3DT4H5M6S"))):is "2021-03-04T04:05:06Z"
  end)

  it("duration-iso", function()
    expect(time.duration "PT2H"):is(7200)
  end)

  it("duration-parse", function()
    expect(time.duration "1005ms"):is(1.005)
  end)
end)
