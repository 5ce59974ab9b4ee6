-- What mappings do with numbers, case by case of the conformance data (mapping-cases.json).

describe("mapping numbers", function()
  it("num-int-from-string", function()
    expect(toInteger "2"):is(2)
  end)

  it("num-float", function()
    expect(toNumber "3.145"):is(3.145)
  end)

  it("num-round2", function()
    expect(round(4.345, 2)):is(4.35)
  end)

  it("num-bool", function()
    expect(toBoolean "yes"):is(true)
  end)
end)
