-- The project that is simulated. Limits of running time are far away: real time plays no part.
return {
  listen = "127.0.0.1:8750",
  journal = "var/journal.db",
  limits = { handlerTime = "1h", inFlight = 20, diskFree = 0 },
  retain = { delivered = "30d", dead = "90d" },
  reload = "manual",
}
