-- The engine's settings. Each has a default, shown here behind "--"; take one's dashes away to set it.

return {
  -- listen  = "127.0.0.1:8750",        -- or "unix:PATH": events in, and the API
  -- token   = secret "LIAISON_TOKEN",  -- needed where others can reach `listen`
  -- journal = "var/journal.db",        -- where events and deliveries are kept
  -- reload  = "watch",                 -- scripts are loaded anew when a file changes; or "manual"

  -- What setting("…") reads in scripts and connectors. With these, all stays on this machine:
  -- `liaison emit` publishes, `liaison sink` receives. Take them out to use the real systems.
  settings = {
    eventBusUrl  = "embedded",
    calendarUrl  = "http://127.0.0.1:9999/api/update",
    warehouseUrl = "http://127.0.0.1:9999/ingest",
  },

  limits = {
    -- handlerTime = "100ms",  -- running time of one run of a script, its waits not counted
    -- memory      = "64MB",   -- of the scripts
    -- inFlight    = 10000,    -- attempts and handler runs at once
    -- message     = "16MB",   -- one message of a bus
    -- body        = "1MB",    -- one POST /events
    -- drain       = "8s",     -- to end what runs when stopped
    -- journal     = "10GB",   -- what the journal may take: full of what waits, it refuses events
    -- diskFree    = "500MB",  -- what it leaves free on its disk
  },

  -- What is over is removed from the journal after this time, or when its room gets short.
  retain = {
    -- delivered = "7d",
    -- dead      = "90d",
  },

  log = {
    -- level  = "info",  -- or "debug", "warn", "error"
    -- format = "text",  -- or "json"
  },
}
