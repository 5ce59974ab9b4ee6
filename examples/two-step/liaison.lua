-- Where the two systems are. The sinks of README.md listen there.

return {
  settings = {
    calendarUrl  = "http://127.0.0.1:9998",
    warehouseUrl = "http://127.0.0.1:9999",
  },
}
