import { defineConfig } from "vitest/config";

// Node 20 has a WebSocket of its own, but keeps it behind a flag.
const execArgv = typeof WebSocket === "undefined" ? ["--experimental-websocket"] : [];

export default defineConfig({
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    globalSetup: "scripts/build.mjs",
    execArgv,
    // More than there are processors: the tests against a real server wait most of the time.
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
