// @vitest-environment jsdom
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loginUrl } from '../src/page';
import { admitServiceWorker, pastWorker } from '../src/service-worker';

afterEach(() => vi.unstubAllGlobals());

describe('the policy that admits a worker', () => {
  test('it admits one URL, however it is written, and nothing else', () => {
    const made: Record<string, (url: string) => string | null> = {};
    vi.stubGlobal('trustedTypes', {
      createPolicy: (name: string, rules: { createScriptURL(url: string): string | null }) =>
        (made[name] = rules.createScriptURL),
    });
    admitServiceWorker('ngsw-worker.js');

    const admitted = new URL('ngsw-worker.js', document.baseURI).href;
    expect(Object.keys(made)).toEqual(['default']);
    for (const url of ['ngsw-worker.js', '/ngsw-worker.js', admitted]) expect(made['default']!(url)).toBe(admitted);
    for (const url of ['ngsw-worker.js?x', 'a/ngsw-worker.js', 'https://evil.example/ngsw-worker.js', 'data:,alert(1)'])
      expect(made['default']!(url)).toBeNull();
  });

  test('browsers without Trusted Types need none', () => {
    vi.stubGlobal('trustedTypes', undefined);
    expect(() => admitServiceWorker('ngsw-worker.js')).not.toThrow();
  });
});

describe("an address of the hub's own that a worker has answered", () => {
  test.each([
    ['/hub/callback', '?code=a%2Fb&state=c', '/hub/callback?code=a%2Fb&state=c&ngsw-bypass'],
    ['/hub/callback/lab', '?error=x', '/hub/callback/lab?error=x&ngsw-bypass'],
    ['/hub/login', '', '/hub/login?ngsw-bypass'],
  ])('%s%s is asked of the hub', (pathname, search, expected) => expect(pastWorker({ pathname, search })).toBe(expected));

  test.each([
    ['/hub/callback', '?code=a&ngsw-bypass'],
    ['/hub/callback', '?ngsw-bypass=1'],
    ['/hubs/callback', '?code=a'],
    ['/', ''],
  ])('%s%s is left as it is', (pathname, search) => expect(pastWorker({ pathname, search })).toBeNull());
});

test('a login passes the worker by', () => {
  const url = new URL(loginUrl({ returnTo: '/patients?ngsw=1' }), location.href);
  expect(url.searchParams.get('return_to')).toBe('/patients?ngsw=1');
  expect(url.searchParams.has('ngsw-bypass')).toBe(true);
});
