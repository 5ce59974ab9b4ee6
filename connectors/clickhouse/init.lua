-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
--
-- Inserts deliveries as rows of a table of ClickHouse, over HTTP, many at once; see README.md.

-- What ClickHouse says of data that it can't take, with status 500 or 400: trying again is no use.
local permanent = {
  ["6"] = true, ["16"] = true, ["26"] = true, ["27"] = true, ["38"] = true, ["41"] = true,
  ["53"] = true, ["62"] = true, ["69"] = true, ["70"] = true, ["72"] = true, ["117"] = true,
  ["130"] = true, ["131"] = true, ["376"] = true,
}

-- A fault of ClickHouse's own, but this is also how it calls an unknown name of an Enum.
local LOGICAL_ERROR = "49"

-- More parts than ClickHouse makes of one insert: fewer rows may do.
local PARTITIONS = "Too many partitions for single INSERT block"

-- Older servers name the code in the body alone.
local function isOfTheRow(failure)
  local said = failure.body or ""
  local code = failure.headers and failure.headers["X-ClickHouse-Exception-Code"]
    or said:match("^Code: (%d+)")
  if code == LOGICAL_ERROR then return said:find("the value of key", 1, true) end
  return permanent[code] or said:find(PARTITIONS, 1, true)
end

-- Each element is a row, or a list of rows.
local function flat(list)
  local rows = {}
  for _, data in ipairs(list) do
    if type(data) == "table" and data[1] ~= nil then
      for _, row in ipairs(data) do rows[#rows + 1] = row end
    else
      rows[#rows + 1] = data
    end
  end
  return rows
end

local function quoted(name)
  return "`" .. name:gsub("[`\\]", "\\%0") .. "`"
end

local function target(options)
  local name = quoted(options.table)
  return options.database and quoted(options.database) .. "." .. name or name
end

-- ClickHouse takes one way to say who inserts: it refuses its own headers beside an Authorization.
local function credentials(options)
  local auth = options.auth or {}
  if not (auth.bearer or auth.basic or auth.oauth2 or auth.sigv4) then
    return options.user or "default", options.password or false
  elseif options.user or options.password then
    error('connector "clickhouse": `auth` says who inserts: leave `user` and `password` out', 0)
  end
  return false, false
end

return {
  about = "Inserts rows into a table of ClickHouse",
  options = {
    { name = "url", type = "text", required = true,
      help = "where ClickHouse listens for HTTP, as \"http://127.0.0.1:8123\"" },
    { name = "table", type = "string", required = true,
      help = "the table, whose columns are named as the data are" },
    { name = "database", type = "string", help = "the table's; the user's own without it" },
    { name = "user", type = "string", help = "who inserts; \"default\" without it" },
    { name = "password", type = "text", help = "as secret \"CLICKHOUSE_PASSWORD\"" },
    { name = "auth", type = "table",
      help = "who inserts, as in any connector; in place of user and password" },
    { name = "timeout", type = "duration", default = "30s", help = "of one attempt" },
    { name = "rows", type = "number", default = 500, help = "deliveries inserted at once" },
    { name = "wait", type = "duration", default = "200ms",
      help = "that a delivery waits for others to be inserted with" },
  },
  new = function(options)
    local query = {
      query = "INSERT INTO " .. target(options) .. " FORMAT JSONEachRow",
      date_time_input_format = "best_effort",
    }
    local user, password = credentials(options)
    local headers = {
      ["X-ClickHouse-User"] = user,
      ["X-ClickHouse-Key"] = password,
      ["Content-Type"] = "application/x-ndjson",
    }
    return {
      auth = options.auth,
      timeout = options.timeout,
      batch = { size = options.rows, wait = options.wait },
      send = function(list)
        local rows = flat(list)
        if #rows == 0 then return end
        local ok, failure = pcall(http.post, options.url, {
          query = query, headers = headers, body = json.lines(rows),
        })
        if ok then return end
        if isOfTheRow(failure) then reject("ClickHouse refuses the row: " .. failure.body) end
        error(failure)
      end,
    }
  end,
}
