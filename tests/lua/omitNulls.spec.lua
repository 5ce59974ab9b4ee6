-- The transformer that ships: members that are null are left out.

local omitNulls = transformer "omitNulls"

describe("omitNulls", function()
  it("leaves out members that are null, at any depth", function()
    local data = json.decode [[{"a":null,"b":{"c":null,"d":1},"e":[{"f":null}]}]]
    expect(omitNulls(data)):equals { b = { d = 1 }, e = { {} } }
  end)

  it("leaves everything else as it came", function()
    local data = json.decode [[{"a":[],"b":{},"c":12345678901234567890,"d":""}]]
    expect(omitNulls(data)):equals(data)
  end)
end)
