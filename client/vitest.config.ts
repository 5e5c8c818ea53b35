import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(`projects/iris-hub-client/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^iris-hub-(core|client\/core)$/, replacement: source('core/src/public-api.ts') },
      { find: /^iris-hub-client$/, replacement: source('src/public-api.ts') },
    ],
  },
  // A test that takes so long hangs; a machine that is busy with other things is slow.
  test: { include: ['projects/**/*.spec.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
});
