-- connectors/dataWarehouse.lua: `sync:send { connector = "dataWarehouse", data = … }` inserts a row
-- into the table schedules.

return connector "clickhouse" {
  url = setting("warehouseUrl", "http://127.0.0.1:8123"),
  table = "schedules",
  user = "liaison",
  password = secret "CLICKHOUSE_PASSWORD",
}
