-- What mappings do with texts, case by case of the conformance data (mapping-cases.json).

describe("mapping texts", function()
  it("str-trim-prefix", function()
    local out = { description = "unchanged", name = "foobar_blobton" }
    for name, value in pairs(out) do
      out[name] = text.trimPrefix(value, "foobar_")
    end
    expect(out):equals { description = "unchanged", name = "blobton" }
  end)

  it("str-split-empty-null", function()
    expect(text.split("foo,,qux", ",", { empty = null })):equals(array { "foo", null, "qux" })
  end)

  it("str-replace", function()
    local value = "The foo ate my homework"
    expect(text.replace(value, "foo", "dog")):is "The dog ate my homework"
  end)

  it("str-slice-neg", function()
    local value = "foo bar"
    expect(text.sub(value, -4)):is " bar"
    expect(text.sub(value, 1, -5)):is "foo"
  end)

  it("str-len-unicode", function()
    expect(text.length "ñandú"):is(5)
  end)

  it("str-contains-ci", function()
    expect(text.contains("banana", "AnA", { ignoreCase = true })):is(true)
  end)
end)
