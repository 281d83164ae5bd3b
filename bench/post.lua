-- Posts leads as a supplier does: every one with its own address and idempotency key. Where SOURCES names a file of
-- `path key` lines, each post goes to the next of them.
local thread = 0
local sent = 0
local sources = {}

function setup(new)
  thread = thread + 1
  new:set("number", thread)
end

function init()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-API-Key"] = os.getenv("SOURCE_KEY")
  local spread = os.getenv("SOURCES")
  for line in spread and io.lines(spread) or function() end do
    local path, key = line:match("(%S+) (%S+)")
    table.insert(sources, { path = path, key = key })
  end
end

function request()
  sent = sent + 1
  wrk.headers["Idempotency-Key"] = os.getenv("ROUND") .. "-" .. number .. "-" .. sent
  local path = nil
  if #sources > 0 then
    local source = sources[sent % #sources + 1]
    path, wrk.headers["X-API-Key"] = source.path, source.key
  end
  return wrk.format(nil, path, nil, string.format(
    '{"email":"jane.doe%d@example.com","phone_1":"2135550148","first_name":"Jane","last_name":"Doe","state":"CA",' ..
    '"product":"solar","credit_score":720,"monthly_bill":180,"homeowner":true,"city":"Oakland"}', sent))
end
