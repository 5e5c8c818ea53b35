/** Compiles the schematics of iris-hub-client, which Angular's command line loads as CommonJS. */

import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const workspace = dirname(fileURLToPath(import.meta.url));
const source = join(workspace, 'projects', 'iris-hub-client', 'schematics');
const tsc = join(workspace, 'node_modules', 'typescript', 'bin', 'tsc');

/** Compile the schematics into a folder. */
export function buildSchematics(target) {
  execFileSync(process.execPath, [tsc, '-p', source, '--outDir', target], { stdio: 'inherit' });
  for (const file of ['package.json', 'collection.json', 'ng-add/schema.json']) cpSync(join(source, file), join(target, file));
}
