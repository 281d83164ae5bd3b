// Buyers in one server: `node buyer.js PORT [DELAY_MS]`; GET / tells how many leads were taken.
// POST to /leads takes the lead, to /declines says no, to /bids/AMOUNT bids that much.
const http = require("http");
const [port, delay] = process.argv.slice(2).map(Number);
let taken = 0;

function said(url) {
  const [, kind, amount] = url.split("/");
  if (kind === "bids") return `{"bid":${amount},"bid_id":"b${amount}"}`;
  if (kind === "declines") return '{"status":"declined","reason":"full"}';
  taken += 1;
  return '{"status":"accepted","id":"x1"}';
}

function answer(response, url) {
  response.setHeader("Content-Type", "application/json");
  response.end(said(url));
}

http
  .createServer({ keepAliveTimeout: 60000 }, (request, response) => {
    if (request.method === "GET") return response.end(String(taken));
    request.resume();
    request.on("end", () => {
      if (delay) setTimeout(answer, delay, response, request.url);
      else answer(response, request.url);
    });
  })
  .listen(port, "127.0.0.1");
