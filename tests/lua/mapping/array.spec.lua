-- What mappings do with lists and objects, case by case of the conformance data
-- (mapping-cases.json).

local function itself(value)
  return value
end

describe("mapping lists and objects", function()
  it("map-filter", function()
    local large = filter({ 3, 11, 4, 17 }, function(n) return n >= 10 end)
    expect(map(large, function(n) return n - 10 end)):equals { 1, 7 }
  end)

  it("sort-by", function()
    local items = {
      { name = "low", priority = 3 },
      { name = "high", priority = 1 },
      { name = "med", priority = 2 },
    }
    expect(sortBy(items, "priority")):equals {
      { name = "high", priority = 1 },
      { name = "med", priority = 2 },
      { name = "low", priority = 3 },
    }
  end)

  it("fold-merge", function()
    local fruits = { { apple = 5 }, { banana = 3 }, { orange = 8 } }
    expect(fold(fruits, {}, function(all, fruit) return assign(all, fruit) end))
      :equals { apple = 5, banana = 3, orange = 8 }
  end)

  it("unflatten", function()
    local data = { ["foo.bar.baz"] = true, ["foo.bar.qux"] = false, ["foo.quux"] = 42 }
    expect(unflatten(data)):equals { foo = { bar = { baz = true, qux = false }, quux = 42 } }
  end)

  it("merge-deep", function()
    local a = { parent1 = { child1 = 1, child2 = 2 }, parent2 = { child3 = 3 } }
    local b = { parent1 = { child2 = 4, child5 = 5 } }
    expect(merge(a, b)):equals {
      parent1 = { child1 = 1, child2 = 4, child5 = 5 }, parent2 = { child3 = 3 },
    }
  end)

  it("map-keys", function()
    local data = { labels = { ["app.kubernetes.io/name"] = "mysql" } }
    local function plain(name) return text.replace(name, ".", "_") end
    expect(mapKeys(data, plain, { deep = true }))
      :equals { labels = { ["app_kubernetes_io/name"] = "mysql" } }
  end)

  it("key-values", function()
    expect(entries { bar = 1, baz = 2 })
      :equals { { key = "bar", value = 1 }, { key = "baz", value = 2 } }
  end)

  it("tally", function()
    expect(mapValues(groupBy({ "foo", "bar", "foo", "baz" }, itself), count))
      :equals { foo = 2, bar = 1, baz = 1 }
  end)
end)
