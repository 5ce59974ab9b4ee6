-- What a script finds in Liaison's sandbox: Lua 5.1 without files, processes, coroutines and debug,
-- and the helpers. The list is exact, so that luacheck finds what would be missing at run time.
stds.liaison = {
  read_globals = {
    -- Lua's own
    "_G", "_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "print",
    "rawequal", "rawget", "rawset", "require", "select", "setmetatable", "tonumber", "tostring",
    "type", "unpack", "xpcall", "bit", "math", "string", "table",
    os = { fields = { "clock", "date", "difftime", "time" } },
    -- registration and outcomes
    "SyncManager", "connector", "lookup", "secret", "setting", "reject", "retry", "skip",
    -- data
    "get", "set", "remove", "map", "filter", "fold", "sortBy", "groupBy", "indexBy", "keys", "values",
    "entries", "count", "unique", "mapKeys", "mapValues", "flatten", "unflatten", "merge", "assign",
    "array", "null", "isNumber", "round", "toInteger", "toNumber", "toBoolean", "decimal",
    -- subjects
    "base64", "csv", "fixedWidth", "hash", "hex", "hmac", "http", "ical", "json", "log", "regex",
    "text", "time", "url", "uuid", "xml",
  },
}

std = "liaison"
max_line_length = 100
unused_args = false

-- The prelude makes those globals, from the whole of LuaJIT.
files["src/script/prelude/**/*.lua"] = { std = "luajit+liaison", allow_defined_top = true }
