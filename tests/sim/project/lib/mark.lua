-- What a send carries, so that the receivers' ledger knows it again: which event, which handler,
-- and which of that handler's sends to this connector it is.
return function(event, handler, nth)
  return { mark = event.id .. " " .. handler .. " " .. (nth or 1), n = event.data.n }
end
