-- What mappings do with paths, case by case of the conformance data (mapping-cases.json).

describe("mapping paths", function()
  it("set-array-pads", function()
    local data = json.decode '{"foo":{"bar":[]}}'
    expect(set(data, "foo.bar[2]", "baz")):equals { foo = { bar = { null, "baz" } } }
  end)

  it("remove-nested", function()
    local data = json.decode '{"foo":{"bar":"baz"}}'
    expect(json.encode(remove(data, "foo.bar"))):is '{"foo":{}}'
  end)

  it("remove-array-neg", function()
    local data = json.decode '{"a":["foo","bar","baz"]}'
    expect(remove(data, "a[-2]")):equals { a = { "foo", "baz" } }
  end)

  it("default-assign", function()
    local data = { defaults = { timeout = 30, retries = 3 }, user_settings = { timeout = 60 } }
    expect({ config = assign(data.defaults, data.user_settings) })
      :equals { config = { retries = 3, timeout = 60 } }
  end)
end)
