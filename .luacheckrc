-- What a script finds in Liaison's sandbox: Lua 5.1 without files, processes, coroutines and debug,
-- and the helpers. The list is exact, and a test holds it against the sandbox, so that luacheck finds
-- what would be missing at run time.
stds.liaison = {
  read_globals = {
    -- Lua's own
    "_G", "_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "print",
    "rawequal", "rawget", "rawset", "require", "select", "setmetatable", "tonumber", "tostring",
    "type", "unpack", "xpcall",
    bit = {
      fields = {
        "arshift", "band", "bnot", "bor", "bswap", "bxor", "lshift", "rol", "ror", "rshift", "tobit",
        "tohex",
      },
    },
    math = {
      fields = {
        "abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod",
        "frexp", "huge", "ldexp", "log", "log10", "max", "min", "modf", "pi", "pow", "rad", "random",
        "randomseed", "sin", "sinh", "sqrt", "tan", "tanh",
      },
    },
    os = { fields = { "clock", "date", "difftime", "time" } },
    string = {
      fields = {
        "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse",
        "sub", "upper",
      },
    },
    table = { fields = { "concat", "insert", "maxn", "move", "remove", "sort" } },
    -- registration and outcomes
    SyncManager = { fields = { "new" } },
    "secret", "setting", "reject", "retry", "skip",
    -- data
    "array", "get", "null", "remove", "set",
    "count", "entries", "filter", "fold", "groupBy", "indexBy", "keys", "map", "sortBy", "unique",
    "values",
    "connector", "lookup",
    "assign", "flatten", "mapKeys", "mapValues", "merge", "unflatten",
    "decimal", "isNumber", "round", "toBoolean", "toInteger", "toNumber",
    base64 = { fields = { "decode", "encode" } },
    csv = { fields = { "decode", "encode" } },
    fixedWidth = { fields = { "decode", "encode" } },
    hash = { fields = { "md5", "sha1", "sha256", "sha512", "sha512_256" } },
    hex = { fields = { "decode", "encode" } },
    hmac = { fields = { "sha1", "sha256", "sha512" } },
    json = { fields = { "decode", "encode", "lines" } },
    ical = { fields = { "decode", "encode", "event" } },
    regex = { fields = { "find", "findAll", "replace", "split" } },
    xml = { fields = { "decode", "encode" } },
    url = { fields = { "build", "decode", "encode", "parse" } },
    text = {
      fields = {
        "contains", "endsWith", "length", "lower", "pad", "replace", "split", "startsWith", "sub",
        "trim", "trimPrefix", "trimSuffix", "upper",
      },
    },
    time = {
      fields = {
        "add", "diff", "duration", "format", "fromUnix", "iso", "now", "parse", "unix",
      },
    },
    uuid = { fields = { "v4", "v5", "v7" } },
    -- the network and the log
    http = { fields = { "delete", "get", "patch", "post", "put", "request" } },
    log = { fields = { "debug", "error", "info", "warn" } },
  },
}

-- What spec files have beside it; a test compares this list, too.
stds.specs = {
  read_globals = {
    "before", "beforeEach", "clock", "deliver", "describe", "expect", "handle", "it", "transformer",
    http = { fields = { "fake" } },
  },
}

std = "liaison"
max_line_length = 100
unused_args = false

files["src/script/library/**/*.lua"] = { std = "liaison" }
files["tests/lua/**/*.lua"] = { std = "liaison+specs" }
files["examples/*/tests/**/*.lua"] = { std = "liaison+specs" }
files["connectors/*/spec.lua"] = { std = "liaison+specs" }
files["src/cli/new/schedules.lua"] = { std = "liaison+specs" }

-- The prelude makes those globals, from the whole of LuaJIT.
files["src/script/prelude/**/*.lua"] = { std = "luajit+liaison", allow_defined_top = true }
