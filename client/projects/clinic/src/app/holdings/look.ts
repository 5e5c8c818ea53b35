/** Everything that a script of this page, and so an attacker's script too, could read in this browser. */

const JWT = /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/;
const TOKEN = /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|access_token|refresh_token|id_token/; // a JWT, or the names of tokens

const MOST_OBJECTS = 500_000;

export interface Holding {
  place: string;
  items: string[];
}

export async function look(): Promise<Holding[]> {
  const databases = await indexedDB.databases();
  return [
    { place: 'document.cookie', items: document.cookie.split('; ').filter(Boolean) },
    { place: 'localStorage', items: entries(localStorage) },
    { place: 'sessionStorage', items: entries(sessionStorage) },
    { place: 'IndexedDB', items: databases.map(({ name }) => name ?? '') },
    { place: 'Cache storage', items: 'caches' in window ? await caches.keys() : [] },
    { place: 'window.name', items: [window.name].filter(Boolean) },
  ];
}

/** Return what looks like a token. */
export function tokensIn(holdings: Holding[]): string[] {
  return holdings.flatMap(({ items }) => items).filter((item) => TOKEN.test(item));
}

/** Go through the memory of the page from `window` on, as a script can; return how many texts there are, and those that look like a token. */
export function lookThroughMemory(): { texts: number; tokens: string[] } {
  const seen = new Set<object>([window]);
  const tokens: string[] = [];
  let texts = 0;
  for (const object of seen) {
    for (const value of valuesOf(object)) {
      if (typeof value === 'string') {
        texts += 1;
        if (JWT.test(value)) tokens.push(value.slice(0, 20));
      } else if (value !== null && (typeof value === 'object' || typeof value === 'function') && seen.size < MOST_OBJECTS) {
        seen.add(value);
      }
    }
  }
  return { texts, tokens };
}

function* valuesOf(object: object): Generator<unknown> {
  if (object instanceof Map) for (const pair of object) yield* pair;
  if (object instanceof Set) yield* object;
  for (const name of Reflect.ownKeys(object)) {
    const property = Reflect.getOwnPropertyDescriptor(object, name);
    if (property !== undefined && 'value' in property) yield property.value; // getters could do things
  }
}

function entries(storage: Storage): string[] {
  return Object.entries(storage).map(([name, value]) => `${name}=${value}`);
}
