-- Rows, a line each: mark, delivery and key.
return {
  batch = { size = 5, wait = "2s" },
  retry = { attempts = 5, base = "1s" },
  send = function(list, batch)
    local lines = {}
    for i, data in ipairs(list) do
      local delivery = batch.deliveries[i]
      lines[i] = data.mark .. ";" .. delivery.id .. ";" .. (delivery.key or "")
    end
    return http.post("http://warehouse.sim/in", {
      body = table.concat(lines, "\n"),
      headers = { ["X-Batch"] = batch.id },
    })
  end,
}
