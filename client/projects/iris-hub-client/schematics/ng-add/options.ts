import type { ProjectDefinition } from '@schematics/angular/utility';

/** The options of schema.json. */
export interface Options {
  project?: string;
  routes?: string;
  hub?: string;
  remove?: boolean;
}

/** The application that is changed, and how. */
export interface Target {
  name: string;
  definition: ProjectDefinition;
  /** Path prefixes that the hub forwards, such as `/api`. */
  routes: string[];
  /** Where the hub listens during development. */
  hub: string;
  /** Whether code of old token handling is removed. */
  remove: boolean;
}

/** Return the path prefixes of a list with commas; each begins with a slash and ends without. */
export function prefixes(list: string): string[] {
  const names = list.split(',').map((name) => name.trim().replace(/^\/+|\/+$/g, ''));
  return names.filter((name) => name !== '').map((name) => `/${name}`);
}
