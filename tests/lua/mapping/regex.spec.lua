-- What mappings do with regular expressions, case by case of the conformance data
-- (mapping-cases.json).

describe("mapping by regular expressions", function()
  it("re-find-all", function()
    local found = regex.findAll("I have 2 apples and 15 oranges", "[0-9]+")
    expect(found):equals(array { "2", "15" })
  end)

  it("re-named", function()
    local m = regex.find("option1: value1", [[(?P<key>\w+):\s+(?P<value>\w+)]])
    local out = { ["0"] = m[0], key = m.key, value = m.value }
    expect(out):equals { ["0"] = "option1: value1", key = "option1", value = "value1" }
  end)

  it("re-parse-log", function()
    local m = regex.find("8.7.6.5 - zorp", [[^(?P<host>[\w\.]+) - (?P<user>[\w]+)]])
    expect(m.groups):equals { host = "8.7.6.5", user = "zorp" }
  end)
end)
