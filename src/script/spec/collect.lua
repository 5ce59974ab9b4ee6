-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- describe, it, before and beforeEach: the tests that a spec file makes, and how one of them runs.
--
-- Files here get the globals of all scripts, what only the host calls, and the table of what spec
-- files find beside those globals.

local globals, host, specs = ...
local ipairs, type = globals.ipairs, globals.type
local raise = host.raise

-- What is set in a group or a test holds for it and all below it: its clock, its fakes.
local function newScope(parent, name)
  return { parent = parent, name = name, fakes = {}, once = {}, each = {} }
end

local group = newScope(nil, "") -- whose describe is running
local tests = {} -- in their order
local test -- that runs now

host.tests = tests

-- What a test does, so that one that expects nothing can say so: `asked` what the scripts make of
-- something, `begun` an expectation, `expected` something.
function host.note(what)
  local scope = test or group
  scope[what] = true
end

local UNUSED = "expect(…) alone expects nothing: write expect(…):equals(…)"
local ASKED = "it expects nothing, and passes as long as no error is raised: write "
  .. "expect(handle(…)):equals{ … }"
local NOTHING = "it expects nothing: write expect(…):equals(…)"

local function remark(ended)
  if ended.expected then
    return nil
  end
  return ended.begun and UNUSED or ended.asked and ASKED or NOTHING
end

-- The scope that what is set now belongs to.
function host.scope()
  return test or group
end

local function check(what, name, body)
  if type(name) ~= "string" or type(body) ~= "function" then
    raise(what .. " takes a name and a function: " .. what .. '("…", function() … end)')
  end
  if test then
    raise(what .. " doesn't belong into a test: write it outside of `it`")
  end
end

function specs.describe(name, body)
  check("describe", name, body)
  local outer = group
  group = newScope(outer, outer.name .. name .. " › ")
  body()
  group = outer
end

function specs.it(name, body)
  check("it", name, body)
  local scope = newScope(group, group.name .. name)
  scope.body, scope.line = body, host.line()
  tests[#tests + 1] = scope
end

local function addHook(what, list)
  specs[what] = function(body)
    if type(body) ~= "function" then
      raise(what .. " takes a function: " .. what .. "(function() … end)")
    end
    check(what, "", body)
    local hooks = group[list]
    hooks[#hooks + 1] = body
  end
end

addHook("before", "once")
addHook("beforeEach", "each")

-- From the outermost group to the innermost. What `before` sets is the group's, not the test's.
local function prepare(scope)
  if scope.parent then
    prepare(scope.parent)
  end
  local once, current = scope.once, test
  scope.once, test = {}, scope
  for _, body in ipairs(once) do
    body()
  end
  test = current
  for _, body in ipairs(scope.each) do
    body()
  end
end

-- What the nearest scope has set under that name, or nil.
function host.inherited(name)
  local scope = host.scope()
  while scope do
    if scope[name] ~= nil then
      return scope[name]
    end
    scope = scope.parent
  end
  return nil
end

function host.runTest(i)
  test = tests[i]
  host.startWorld()
  prepare(test)
  local it = test.body -- which tracebacks show
  it()
end

-- Behind each test, also one that was stopped. Returns what there is to say of it, or nil.
function host.endTest(i)
  local ended = tests[i]
  ended.fakes, ended.clock, test = {}, nil, nil
  return remark(ended)
end
