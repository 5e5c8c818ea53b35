import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const core = fileURLToPath(new URL('projects/iris-hub-client/core/src/public-api.ts', import.meta.url));

export default defineConfig({
  resolve: { alias: { 'iris-hub-client/core': core } },
  test: { include: ['projects/**/*.spec.ts'] },
});
