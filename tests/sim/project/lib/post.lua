-- One POST to the receiver of that name.
return function(receiver, data, delivery)
  return http.post("http://" .. receiver .. ".sim/in", {
    json = data,
    headers = { ["X-Key"] = delivery.key, ["X-Delivery"] = delivery.id },
  })
end
