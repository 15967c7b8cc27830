// The same items as Graphile Worker jobs: `node graphile_worker_peer.mjs install|enqueue|work`.
//
// With the options of its own page on performance: a local queue of 500, jobs completed in
// batches, 24 at once over a pool of 25 connections. What a job writes, it writes in one round trip.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages are in a folder of their own, which the bench names.
const require = createRequire(`${process.env.BENCH_PEER}/`);
const { makeWorkerUtils, run, Logger } = require("graphile-worker");
const { Pool } = require("pg");

const text = "a".repeat(200);
const job = "00000000-0000-0000-0000-000000000001";
const sql = readFileSync(new URL("item.sql", import.meta.url), "utf8");
const pgPool = new Pool({ max: 25 });
const logger = new Logger(() => () => {});

const item = async ({ seq, messageId }, { withPgClient }) => {
  await withPgClient((client) =>
    client.query({ name: "item", text: sql, values: [seq, messageId, text, job] }),
  );
};

const commands = {
  async install() {
    const utils = await makeWorkerUtils({ pgPool, logger });
    await utils.migrate();
    await utils.release();
    console.log("installed");
  },
  async enqueue() {
    await pgPool.query(
      `select from graphile_worker.add_jobs(
         (select array_agg(
            ('item', json_build_object('seq', seq, 'messageId', message_id), null, null, null,
             null, null, null)::graphile_worker.job_spec order by seq)
          from bench_items)
       )`,
    );
    console.log("enqueued");
  },
  async work() {
    const runner = await run({
      pgPool,
      logger,
      taskList: { item },
      preset: {
        worker: {
          concurrentJobs: 24,
          maxPoolSize: 25,
          localQueue: { size: 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
    });
    console.log("ready");
    await runner.promise;
  },
};

await commands[process.argv[2]]();
await pgPool.end();
