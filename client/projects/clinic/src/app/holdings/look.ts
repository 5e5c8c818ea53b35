/** Everything that a script of this page, and so an attacker's script too, could read in this browser. */

const TOKEN = /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|access_token|refresh_token|id_token/; // a JWT, or the names of tokens

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

function entries(storage: Storage): string[] {
  return Object.entries(storage).map(([name, value]) => `${name}=${value}`);
}
