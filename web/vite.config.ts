import react from "@vitejs/plugin-react";
import { defaultClientConditions } from "vite";
import { defineConfig } from "vitest/config";

declare const process: { env: Record<string, string | undefined> };

// Where `npm run dev` finds a server: `herald up`, or what HERALD_URL says.
const server = process.env.HERALD_URL ?? "http://127.0.0.1:8080";
const API =
  "^/(accounts|admin|asyncapi.yaml|docs|events|languages|livez|openapi.json|problems|readyz|rooms|status|submissions|submit|tickets|transactions|webhooks|ws)(/|\\?|$)";

export default defineConfig({
  plugins: [react()],
  // The client is built from its sources, beside this folder, and with this page's React.
  resolve: { conditions: ["herald-source", ...defaultClientConditions], dedupe: ["react", "react-dom"] },
  server: {
    host: "127.0.0.1",
    fs: { allow: [".", "../client"] },
    proxy: { [API]: { target: server, changeOrigin: true, ws: true } },
  },
  build: {
    target: "es2022",
    // Every asset is a file with a hash in its name: a data: URL would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    chunkSizeWarningLimit: 600,
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});
