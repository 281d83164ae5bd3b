// Node-RED's settings for the benchmark; the pool's size, and no other log than warnings, are what a careful user would set.
const { Pool } = require("pg");
const { PEER_PORT, PEER_HOME, PEER_FLOW, PEER_DATABASE } = process.env;

module.exports = {
  uiPort: Number(PEER_PORT),
  uiHost: "127.0.0.1",
  userDir: PEER_HOME,
  flowFile: PEER_FLOW,
  httpAdminRoot: false,
  functionGlobalContext: { pool: new Pool({ connectionString: PEER_DATABASE, max: 20 }) },
  logging: { console: { level: "warn" } },
};
