-- The data warehouse: takes the schedule as it came.

return {
  retry = { attempts = 3, base = "200ms", growth = "linear", jitter = false },

  send = function(data)
    return http.post(setting("warehouseUrl", "https://warehouse.internal/ingest"), { json = data })
  end,
}
