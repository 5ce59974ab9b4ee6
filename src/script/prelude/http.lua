-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- http.get, post, put, patch, delete and request. Starting a request gives control to the host;
-- what comes after it runs once the answer is there.

local globals, host = ...
local start, finish = host.startRequest, host.finishRequest

local http = {}

function http.request(method, url, options)
  start("http.request", method, url, options)
  return finish("http.request", method, url, options)
end

for _, verb in ipairs { "get", "post", "put", "patch", "delete" } do
  local what, method = "http." .. verb, verb:upper()
  http[verb] = function(url, options)
    start(what, method, url, options)
    return finish(what, method, url, options)
  end
end

globals.http = http
