-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
-- Tables that scripts are given. Their names are constants here; in C each would be looked up anew
-- for each table, which costs more than all else about it.

local _, host = ...

function host.newEvent(id, type, source, subject, time, key, data)
  return {
    id = id, type = type, source = source, subject = subject, time = time, key = key, data = data,
  }
end

function host.newSent(id, connector, key)
  return { id = id, connector = connector, key = key }
end

function host.newAnswer(status, headers, body)
  return { status = status, headers = headers, body = body }
end
