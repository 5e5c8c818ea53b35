/** Builds the npm packages into dist/, in the order in which they need each other, and adds the files that they share. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSchematics } from './schematics.mjs';

const workspace = dirname(fileURLToPath(import.meta.url));
const ng = join(workspace, 'node_modules', '@angular', 'cli', 'bin', 'ng.js');

for (const name of ['iris-hub-core', 'iris-hub-client']) {
  const target = join(workspace, 'dist', name);
  execFileSync(process.execPath, [ng, 'build', name], { cwd: workspace, stdio: 'inherit' });
  copyFileSync(join(workspace, '..', 'LICENSE'), join(target, 'LICENSE'));
  copyFileSync(join(workspace, 'CHANGELOG.md'), join(target, 'CHANGELOG.md'));
}

const client = join(workspace, 'dist', 'iris-hub-client');
buildSchematics(join(client, 'schematics'));
appendFileSync(join(client, '.npmignore'), '!/schematics/package.json\n'); // it says that the schematics are CommonJS
