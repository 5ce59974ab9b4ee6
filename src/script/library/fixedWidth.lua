-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- fixedWidth.decode and encode: lines whose columns stand at fixed places, counted in characters.

local globals, host = ...
local raise, describe = host.raise, host.describe
local fixedWidth = globals.fixedWidth

local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

-- ---- columns ----

local function isWhole(n)
  return type(n) == "number" and n >= 1 and n == math.floor(n)
end

local function checkColumn(column, i, what)
  local where = what .. ": column " .. i
  if type(column) ~= "table" then
    raise(where .. ' must be a table as in { name = "id", width = 5 }, not ' .. describe(column))
  end
  local name, width, align, pad = host.options(where, column, "name", "string", "width", "number",
    "align", "string", "pad", "string")
  if not isWhole(width) then
    raise(where .. ": `width` must be a whole number from 1 up")
  elseif align and align ~= "left" and align ~= "right" then
    raise(where .. ': `align` must be "left" or "right", not "' .. align .. '"')
  elseif pad and not pad:find("^" .. CHARACTER .. "$") then
    raise(where .. ': `pad` must be one character, as in "0"')
  end
  return { name = name, width = width, isRight = align == "right", pad = pad or " " }
end

-- The columns as they are used, and the width of all.
local function checkColumns(columns, what)
  local checked, total = {}, 0
  for i = 1, host.list(columns, what, "columns") do
    checked[i] = checkColumn(columns[i], i, what)
    total = total + checked[i].width
  end
  if total == 0 then
    raise(what .. ": columns is empty; name them as in { name = \"id\", width = 5 }")
  end
  return checked, total
end

-- ---- characters ----

-- A function (from, width) that gives the characters of a line, and how many there are.
local function characters(line)
  if not line:find("[\128-\255]") then
    return function(from, width) return line:sub(from, from + width - 1) end, #line
  end
  local starts, n = {}, 0
  for at in line:gmatch("()" .. CHARACTER) do
    n = n + 1
    starts[n] = at
  end
  starts[n + 1] = #line + 1
  return function(from, width)
    local start, stop = starts[from], starts[math.min(from + width, n + 1)]
    return start and line:sub(start, stop - 1) or ""
  end, n
end

-- ---- decode ----

-- Without what fills it up; of zeros one stays.
local function strip(value, column)
  local pad = column.pad
  if column.isRight then
    while value:sub(1, #pad) == pad and (#value > #pad or pad == " ") do
      value = value:sub(#pad + 1)
    end
  else
    while value:sub(-#pad) == pad and (#value > #pad or pad == " ") do
      value = value:sub(1, -#pad - 1)
    end
  end
  return value
end

local function decodeLine(line, number, columns, total)
  local take, length = characters(line)
  if length > total then
    raise(("fixedWidth.decode: line %d has %d characters, the columns have %d"):format(
      number, length, total))
  end
  local row, from = {}, 1
  for i = 1, #columns do
    local column = columns[i]
    if column.name then
      row[column.name] = strip(take(from, column.width), column)
    end
    from = from + column.width
  end
  return row
end

function fixedWidth.decode(text, columns)
  if type(text) ~= "string" then
    raise("fixedWidth.decode: text must be a string, not " .. describe(text))
  end
  local total
  columns, total = checkColumns(columns, "fixedWidth.decode")
  local rows, number = array {}, 0
  for line in text:gmatch("([^\n]*)\n?") do
    number = number + 1
    line = line:gsub("\r$", "")
    if line ~= "" then
      rows[#rows + 1] = decodeLine(line, number, columns, total)
    end
  end
  return rows
end

-- ---- encode ----

local function textOf(value, where)
  if value == nil or value == null then
    return ""
  end
  local text = host.textOf(value)
    or raise(where .. ": " .. describe(value) .. " can't be part of a line; make a text of it")
  if text:find("[\r\n]") then
    raise(where .. ": a line break can't be part of a column")
  end
  return text
end

local function encodeColumn(value, column, row, i)
  local where = "fixedWidth.encode: row " .. row .. ", column "
    .. (column.name and '"' .. column.name .. '"' or i)
  local text = textOf(value, where)
  local _, length = characters(text)
  if length > column.width then
    raise(where .. ": " .. json.encode(text) .. " has " .. length .. " characters, the column "
      .. column.width)
  end
  local filling = column.pad:rep(column.width - length)
  if column.isRight and column.pad == "0" and text:find("^[-+]") then
    return text:sub(1, 1) .. filling .. text:sub(2) -- the sign stays in front
  end
  return column.isRight and filling .. text or text .. filling
end

function fixedWidth.encode(rows, columns, options)
  local n = host.list(rows, "fixedWidth.encode", "rows")
  columns = checkColumns(columns, "fixedWidth.encode")
  local newline = host.options("fixedWidth.encode", options, "newline", "string") or "\n"
  local lines = {}
  for row = 1, n do
    if type(rows[row]) ~= "table" or host.isList(rows[row]) then
      raise("fixedWidth.encode: row " .. row .. " must be an object, not " .. describe(rows[row]))
    end
    local parts = {}
    for i = 1, #columns do
      local column = columns[i]
      parts[i] = encodeColumn(column.name and rows[row][column.name], column, row, i)
    end
    lines[row] = table.concat(parts) .. newline
  end
  return table.concat(lines)
end
