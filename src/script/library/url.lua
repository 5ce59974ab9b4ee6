-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- url.parse and url.build: a URL and its parts (RFC 3986).

local globals, host = ...
local raise, describe = host.raise, host.describe
local url = globals.url
local encode, decode = url.encode, url.decode

-- ---- url.parse ----

-- The names and values of "a=1&b=2": a list where one name occurs several times.
local function parseQuery(text)
  local query = {}
  for pair in text:gmatch("[^&]+") do
    local name, value = pair:gsub("+", "%%20"):match("^([^=]*)=?(.*)$")
    name, value = decode(name), decode(value)
    local known = query[name]
    if known == nil then
      query[name] = value
    elseif type(known) == "table" then
      known[#known + 1] = value
    else
      query[name] = array { known, value }
    end
  end
  return query
end

local function parsePort(text)
  local port = text:match("^%d+$") and tonumber(text)
  if not port or port > 65535 then
    raise('url.parse: "' .. text .. '" is no port: a number up to 65535')
  end
  return port
end

-- user:password@host:port
local function parseAuthority(text, parts)
  local credentials, rest = text:match("^(.*)@(.*)$")
  if credentials then
    local user, password = credentials:match("^([^:]*):(.*)$")
    parts.user = decode(user or credentials)
    parts.password = password and decode(password)
  end
  rest = rest or text
  local host_, port = rest:match("^%[([^%]]*)%](.*)$")
  if not host_ then
    host_, port = rest:match("^([^:]*)(.*)$")
  end
  parts.host = host_:lower()
  if port ~= "" and port ~= ":" then
    parts.port = parsePort(port:sub(2))
  end
end

function url.parse(s)
  if type(s) ~= "string" then
    raise("url.parse: s must be a string, not " .. describe(s))
  elseif s:find("[%z\1-\32\127]") then
    raise("url.parse: the URL has white space or a control character in it")
  end
  local parts = {}
  local rest, fragment = s:match("^([^#]*)#?(.*)$")
  if #rest < #s then
    parts.fragment = decode(fragment)
  end
  local path, query = rest:match("^([^?]*)%??(.*)$")
  local scheme, behind = path:match("^(%a[%w+.-]*):(.*)$")
  if scheme then
    parts.scheme, path = scheme:lower(), behind
  end
  local authority, below = path:match("^//([^/]*)(.*)$")
  if authority then
    parseAuthority(authority, parts)
    path = below
  end
  parts.path, parts.query = path, parseQuery(query)
  return parts
end

-- ---- url.build ----

local function refuse(name, value, wanted)
  raise("url.build: " .. name .. " must be " .. wanted .. ", not " .. describe(value))
end

-- Texts and what has one; a secret stays one.
local function checkText(name, value)
  if describe(value) == "a secret" then
    return value
  end
  return host.textOf(value) or refuse(name, value, "a string")
end

-- A text in which URLs leave more as it is; what was encoded already stays.
local function encodePath(path)
  return (path:gsub("[^%w%-._~!$&'()*+,;=:@/%%]", encode))
end

local function buildPath(path)
  if type(path) == "string" then
    return encodePath(path)
  elseif type(path) ~= "table" then
    refuse("path", path, "a string or a list of segments")
  end
  local built = ""
  for i = 1, host.list(path, "url.build", "path") do
    built = built .. "/" .. encode(checkText("path[" .. i .. "]", path[i]))
  end
  return built
end

local function buildQuery(query)
  if type(query) ~= "table" or host.isList(query) then
    refuse("query", query, "an object of names and values")
  end
  local built, mark = "", "?"
  for _, name in ipairs(host.names(query, "url.build: query")) do
    local value, what = query[name], "query." .. name
    local list = type(value) == "table" and value or { value }
    for i = 1, host.list(list, "url.build", what) do
      built = built .. mark .. encode(name) .. "=" .. encode(checkText(what, list[i]))
      mark = "&"
    end
  end
  return built
end

local function buildCredentials(user, password)
  local built = encode(checkText("user", user))
  return password and built .. ":" .. encode(checkText("password", password)) .. "@" or built .. "@"
end

local function buildHost(name, port)
  checkText("host", name)
  if type(name) == "string" and name:find("[%z\1-\32/?#@%[%]]") then
    raise('url.build: "' .. name .. '" is no host')
  elseif type(name) == "string" and name:find(":", 1, true) then
    name = "[" .. name .. "]"
  end
  return port and name .. ":" .. checkText("port", port) or name
end

function url.build(parts)
  if type(parts) ~= "table" then
    raise("url.build: parts must be an object as { host = …, path = … }, not " .. describe(parts))
  end
  local scheme, user, password, name, port, path, query, fragment = host.options(
    "url.build", parts, "scheme", "string", "user", "any", "password", "any", "host", "any",
    "port", "any", "path", "any", "query", "any", "fragment", "any")
  local built = scheme and scheme .. ":" or ""
  path = path and buildPath(path) or ""
  if name then
    built = built .. "//" .. (user and buildCredentials(user, password) or "")
      .. buildHost(name, port)
    if type(path) == "string" and path ~= "" and path:sub(1, 1) ~= "/" then -- a list's begins so
      path = "/" .. path
    end
  end
  built = built .. path .. (query and buildQuery(query) or "")
  return fragment and built .. "#" .. encode(checkText("fragment", fragment)) or built
end
