-- What mappings do with formats, case by case of the conformance data (mapping-cases.json).

describe("mapping formats", function()
  it("b64-encode-url", function()
    expect(base64.encode("some string value", { url = true })):is "c29tZSBzdHJpbmcgdmFsdWU"
  end)

  it("url-query", function()
    expect("https://example.com?search=" .. url.encode "hello world!")
      :is "https://example.com?search=hello%20world%21"
  end)

  it("url-percent", function()
    expect(url.encode "foo bar?"):is "foo%20bar%3F"
  end)

  it("query-parse", function()
    expect(url.parse("?foo=%2B1&bar=2&bar=3&xyz").query)
      :equals { bar = { "2", "3" }, foo = "+1", xyz = "" }
  end)

  it("csv-header", function()
    expect(csv.decode "foo,bar\nfoo 1,bar 1\nfoo 2,bar 2")
      :equals { { bar = "bar 1", foo = "foo 1" }, { bar = "bar 2", foo = "foo 2" } }
  end)

  it("csv-quotes", function()
    expect(csv.decode('foo,bar,"foo "", bar"', { header = false })[1])
      :equals { "foo", "bar", 'foo ", bar' }
  end)

  it("csv-encode", function()
    expect(csv.encode { "foo", "bar", 'foo ", bar' }):is 'foo,bar,"foo "", bar"'
  end)

  it("json-invalid", function()
    local ok, why = pcall(json.decode, "{ INVALID }")
    expect(ok):is(false)
    expect(tostring(why)):contains "json.decode"
  end)
end)
