-- Posts leads as a supplier does: every one with its own address and idempotency key.
local thread = 0
local sent = 0

function setup(new)
  thread = thread + 1
  new:set("number", thread)
end

function init()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["X-API-Key"] = os.getenv("SOURCE_KEY")
end

function request()
  sent = sent + 1
  wrk.headers["Idempotency-Key"] = os.getenv("ROUND") .. "-" .. number .. "-" .. sent
  return wrk.format(nil, nil, nil, string.format(
    '{"email":"jane.doe%d@example.com","phone_1":"2135550148","first_name":"Jane","last_name":"Doe","state":"CA",' ..
    '"product":"solar","credit_score":720,"monthly_bill":180,"homeowner":true,"city":"Oakland"}', sent))
end
