-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- xml.decode and xml.encode, in two forms: objects by names, in which paths lead to what is meant,
-- and trees of nodes, which keep the order of everything.

local globals, host = ...
local raise, describe = host.raise, host.describe
local xml = globals.xml

local DEPTH_MAX = 500

-- ---- decode ----

-- host.parse gives an element as { name, attributes, child … }, a text as a string.

local function localName(name)
  return name:match("([^:]+)$") or name
end

local function sameName(name)
  return name
end

-- Its texts together, and its elements. White space between elements is no text.
local function contents(node)
  local texts, elements = {}, {}
  for i = 3, #node do
    if type(node[i]) == "table" then
      elements[#elements + 1] = node[i]
    else
      texts[#texts + 1] = node[i]
    end
  end
  local joined = table.concat(texts)
  if elements[1] and not joined:find("%S") then
    joined = ""
  end
  return joined, elements
end

-- `lists` are the names that have a list; what comes a second time makes one.
local function addMember(object, lists, name, value)
  local known = object[name]
  if known == nil then
    object[name] = lists[name] and array { value } or value
  elseif lists[name] then
    known[#known + 1] = value
  else
    object[name], lists[name] = array { known, value }, true
  end
end

local function toObject(node, options)
  local joined, elements = contents(node)
  if not elements[1] and next(node[2]) == nil then
    return joined
  end
  local object, lists = {}, {}
  for name, value in pairs(node[2]) do
    object["@" .. options.name(name)] = value
  end
  for i = 1, #elements do
    local name = options.name(elements[i][1])
    lists[name] = lists[name] or options.lists == true or options.lists[name]
    addMember(object, lists, name, toObject(elements[i], options))
  end
  if joined ~= "" then
    object["#text"] = joined
  end
  return object
end

local function toTree(node, options)
  local _, elements = contents(node)
  local children = array {}
  for i = 3, #node do
    local child = node[i]
    if type(child) == "table" then
      children[#children + 1] = toTree(child, options)
    elseif not elements[1] or child:find("%S") then
      children[#children + 1] = child
    end
  end
  return { name = options.name(node[1]), attributes = node[2], children = children }
end

local function readLists(lists)
  if lists == nil or lists == true then
    return lists or {}
  end
  local known = {}
  for i = 1, host.list(lists, "xml.decode", "lists") do
    known[host.text(lists[i], "xml.decode", "lists[" .. i .. "]")] = true
  end
  return known
end

function xml.decode(text, options)
  local isTree, lists, prefixes = host.options(
    "xml.decode", options, "tree", "boolean", "lists", "any", "prefixes", "boolean")
  options = { lists = readLists(lists), name = prefixes == false and localName or sameName }
  local root = host.parse(text)
  if isTree then
    return toTree(root, options)
  end
  return { [options.name(root[1])] = toObject(root, options) }
end

-- ---- encode ----

local escapes = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  ["\r"] = "&#13;", ["\n"] = "&#10;", ["\t"] = "&#9;",
}

local function escape(value, set, where)
  if value == null then
    return ""
  end
  local text = host.textOf(value) or raise("xml.encode: " .. where .. ": " .. describe(value)
    .. " can't be a text")
  host.utf8(text, "xml.encode", where)
  if text:find("[%z\1-\8\11\12\14-\31]") then
    raise("xml.encode: " .. where .. " has a character that can't stand in XML")
  end
  return (text:gsub(set, escapes))
end

local function checkName(name)
  if type(name) ~= "string" or not name:find("^[%a_:\128-\255][%w_:.%-\128-\255]*$") then
    raise("xml.encode: " .. (type(name) == "string" and json.encode(name) or describe(name))
      .. " can't be the name of an element or an attribute")
  end
  return name
end

local function checkDepth(depth)
  if depth > DEPTH_MAX then
    raise("xml.encode: it is nested deeper than " .. DEPTH_MAX
      .. " elements; does one contain itself?")
  end
end

local function addAttribute(parts, name, value)
  parts[#parts + 1] = " " .. checkName(name) .. '="' .. escape(value, '[&<>"\r\n\t]', name) .. '"'
end

-- Closes the opening tag, whose name it is; what `addContents` adds follows.
local function addContents(parts, name, hasContents, add)
  if not hasContents then
    parts[#parts + 1] = "/>"
    return
  end
  parts[#parts + 1] = ">"
  add()
  parts[#parts + 1] = "</" .. name .. ">"
end

local addElement

local function addObject(parts, name, object, depth)
  local members = array {}
  for _, member in ipairs(host.names(object, "xml.encode")) do
    if member:sub(1, 1) == "@" then
      addAttribute(parts, member:sub(2), object[member])
    else
      members[#members + 1] = member
    end
  end
  addContents(parts, name, members[1], function()
    for i = 1, #members do
      if members[i] == "#text" then
        parts[#parts + 1] = escape(object["#text"], "[&<>\r]", name)
      else
        addElement(parts, members[i], object[members[i]], depth + 1)
      end
    end
  end)
end

function addElement(parts, name, value, depth)
  checkDepth(depth)
  if type(value) == "table" and host.isList(value) then
    for i = 1, host.list(value, "xml.encode", name) do
      addElement(parts, name, value[i], depth + 1)
    end
    return
  end
  parts[#parts + 1] = "<" .. checkName(name)
  if type(value) == "table" then
    return addObject(parts, name, value, depth)
  end
  local text = escape(value, "[&<>\r]", name)
  addContents(parts, name, text ~= "", function() parts[#parts + 1] = text end)
end

local function addNode(parts, node, depth)
  checkDepth(depth)
  if type(node) ~= "table" then
    parts[#parts + 1] = escape(node, "[&<>\r]", "children")
    return
  end
  local name, attributes, children = host.options(
    "xml.encode", node, "name", "string", "attributes", "table", "children", "table")
  parts[#parts + 1] = "<" .. checkName(name)
  for _, attribute in ipairs(host.names(attributes or {}, "xml.encode: attributes")) do
    addAttribute(parts, attribute, attributes[attribute])
  end
  local n = children and host.list(children, "xml.encode", "children") or 0
  addContents(parts, name, n > 0, function()
    for i = 1, n do
      addNode(parts, children[i], depth + 1)
    end
  end)
end

function xml.encode(value, options)
  local isTree, hasDeclaration = host.options(
    "xml.encode", options, "tree", "boolean", "declaration", "boolean")
  local parts = { hasDeclaration ~= false and '<?xml version="1.0" encoding="UTF-8"?>\n' or "" }
  if type(value) ~= "table" or host.isList(value) then
    raise("xml.encode: value must be an object, not " .. describe(value))
  elseif isTree then
    addNode(parts, value, 1)
    return table.concat(parts)
  end
  local names = host.names(value, "xml.encode")
  local root = value[names[1]]
  if #names ~= 1 or type(root) == "table" and host.isList(root) then
    raise("xml.encode: value must have one member, which is the root element, as in "
      .. "{ order = { … } }")
  end
  addElement(parts, names[1], root, 1)
  return table.concat(parts)
end
