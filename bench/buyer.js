// A buyer that takes every lead: `node buyer.js PORT [DELAY_MS]`; GET / tells how many requests it has had.
const http = require("http");
const [port, delay] = process.argv.slice(2).map(Number);
let taken = 0;

function answer(response) {
  response.setHeader("Content-Type", "application/json");
  response.end('{"status":"accepted","id":"x1"}');
}

http
  .createServer({ keepAliveTimeout: 60000 }, (request, response) => {
    if (request.method === "GET") return response.end(String(taken));
    request.resume();
    request.on("end", () => {
      taken += 1;
      if (delay) setTimeout(answer, delay, response);
      else answer(response);
    });
  })
  .listen(port, "127.0.0.1");
