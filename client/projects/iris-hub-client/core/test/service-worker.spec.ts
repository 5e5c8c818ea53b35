// @vitest-environment jsdom
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loginUrl } from '../src/page';
import { admitServiceWorker, isAtHub, leaveForHub } from '../src/service-worker';

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
  const page = (pathname: string, search: string) => {
    const location = { pathname, search, replace: vi.fn(), reload: vi.fn() };
    vi.stubGlobal('location', location);
    return location;
  };
  const registered = (registration: unknown) =>
    vi.stubGlobal('navigator', { serviceWorker: { getRegistration: async () => registration } });

  test.each([
    ['/hub/callback', '?code=a%2Fb&state=c', '/hub/callback?code=a%2Fb&state=c&ngsw-bypass'],
    ['/hub/callback/lab', '?error=x', '/hub/callback/lab?error=x&ngsw-bypass'],
    ['/hub/login', '', '/hub/login?ngsw-bypass'],
  ])('%s%s is loaded past the worker', async (pathname, search, expected) => {
    const { replace } = page(pathname, search);
    expect(isAtHub()).toBe(true);
    await leaveForHub();
    expect(replace.mock.calls).toEqual([[expected]]);
  });

  test('a worker that answers all the same is unregistered, once', async () => {
    const { replace, reload } = page('/hub/callback', '?code=a&ngsw-bypass=');
    const unregister = vi.fn(async () => true);
    registered({ unregister });
    await leaveForHub();
    expect([unregister.mock.calls.length, reload.mock.calls.length]).toEqual([1, 1]);

    registered(undefined);
    await leaveForHub();
    expect([replace.mock.calls.length, reload.mock.calls.length]).toEqual([0, 1]);
  });

  test.each(['/hubs/callback', '/', '/patients'])('%s is the application', (pathname) => {
    page(pathname, '?code=a');
    expect(isAtHub()).toBe(false);
  });
});

test('a login passes the worker by', () => {
  const url = new URL(loginUrl({ returnTo: '/patients?ngsw=1' }), location.href);
  expect(url.searchParams.get('return_to')).toBe('/patients?ngsw=1');
  expect(url.searchParams.has('ngsw-bypass')).toBe(true);
});
