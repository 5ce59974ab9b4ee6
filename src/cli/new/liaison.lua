-- The engine's settings. Each has a default, shown here behind "--"; take one's dashes away to set it.

return {
  -- listen  = "127.0.0.1:8750",        -- or "unix:PATH": events in, API, metrics
  -- token   = secret "LIAISON_TOKEN",  -- needed where others can reach `listen`
  -- journal = "var/journal.db",        -- where events and deliveries are kept

  -- What setting("…") reads in scripts and connectors. With these, all stays on this machine:
  -- `liaison emit` publishes, `liaison sink` receives. Take them out to use the real systems.
  settings = {
    eventBusUrl  = "embedded",
    calendarUrl  = "http://127.0.0.1:9999/api/update",
    warehouseUrl = "http://127.0.0.1:9999/ingest",
  },

  -- retain = { delivered = "7d", dead = "90d" },
  -- limits = { handlerTime = "100ms", memory = "64MB", inFlight = 10000, message = "16MB",
  --            body = "1MB", journal = "10GB", diskFree = "500MB", drain = "8s" },
  -- log    = { level = "info", format = "text" },  -- or "json"
}
