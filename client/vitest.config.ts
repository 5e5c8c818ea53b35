import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const core = fileURLToPath(new URL('projects/iris-hub-client/core/src/public-api.ts', import.meta.url));

export default defineConfig({
  resolve: { alias: { 'iris-hub-client/core': core, 'iris-hub-core': core } },
  // A test that takes so long hangs; a machine that is busy with other things is slow.
  test: { include: ['projects/**/*.spec.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
});
