import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../..');
const VECTORS = join(ROOT, 'tests/vectors');

export interface Dialogue {
  name: string;
  lines: string[];
}

/** The golden vectors of one file, to which the hub and its Python client are held too. */
export function vectors<T>(file: string): T[] {
  return (JSON.parse(readFileSync(join(VECTORS, file), 'utf-8')) as { vectors: T[] }).vectors;
}

/** The dialogues of the specification, and those of the vector files. */
export function dialogues(): Dialogue[] {
  const specification = readFileSync(join(ROOT, 'docs/channel-protocol.md'), 'utf-8');
  const found: Dialogue[] = [];
  for (const section of specification.split('\n### ').slice(1)) {
    for (const [, block] of section.matchAll(/```dialogue\n([\s\S]*?)```/g)) {
      found.push({ name: section.split('\n')[0], lines: block.trim().split('\n') });
    }
  }
  const files = readdirSync(join(VECTORS, 'channel')).sort();
  return [...found, ...files.flatMap((file) => vectors<Dialogue>(`channel/${file}`))];
}
