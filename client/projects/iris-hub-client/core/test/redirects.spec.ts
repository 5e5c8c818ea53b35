import { describe, expect, test } from 'vitest';
import { type Answer, InlineBody } from '../src/answer';
import type { CallRequest } from '../src/call';
import { type Redirected, following } from '../src/redirects';

const HERE = 'https://hub.example/api/a';

function answer(status: number, location?: string): Answer {
  const headers = new Headers(location === undefined ? {} : { location });
  return { status, headers, transport: 'channel', replayed: false, timing: null, body: new InlineBody('') };
}

/** Follow from `request` through these responses; return what was sent, and the last response. */
async function follow(request: Partial<CallRequest>, ...answers: Answer[]): Promise<{ sent: Redirected[]; last: Answer }> {
  const sent: Redirected[] = [];
  const first = { url: new URL(HERE), request: { method: 'GET', path: '/api/a', ...request } };
  const last = await following(first, async (next) => (sent.push(next), answers[Math.min(sent.length, answers.length) - 1]));
  return { sent, last };
}

describe('redirects of the API', () => {
  test('are followed to the response behind them', async () => {
    const { sent, last } = await follow({}, answer(302, '/api/b?q=1'), answer(301, 'c'), answer(200));
    expect(sent.map(({ request }) => request.path)).toEqual(['/api/a', '/api/b?q=1', '/api/c']);
    expect(last).toMatchObject({ status: 200, redirectedTo: 'https://hub.example/api/c' });
  });

  test.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [302, 'PUT', 'PUT'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
  ])('%i makes of %s a %s, with the body of what it stays', async (status, method, then) => {
    const body = { text: 'x' };
    const headers = { 'content-type': 'text/plain', 'x-ward': '7' };
    const { sent } = await follow({ method, body, headers, key: 'k' }, answer(status, '/api/b'), answer(200));
    const stays = method === then;
    expect(sent[1].request).toMatchObject({ method: then, body: stays ? body : null });
    expect(sent[1].request.headers).toEqual(stays ? headers : { 'x-ward': '7' });
    expect(sent[1].request.key).toBeUndefined(); // the idempotency key belongs to the first request
  });

  test('a request without an idempotency key gets none on its way', async () => {
    const { sent } = await follow({ method: 'POST', key: null }, answer(307, '/api/b'), answer(200));
    expect(sent[1].request.key).toBeNull();
  });

  test('without an address, and other statuses, are responses', async () => {
    expect((await follow({}, answer(302))).last.status).toBe(302);
    expect((await follow({}, answer(304, '/api/b'))).last.status).toBe(304);
    expect((await follow({}, answer(201, '/api/b'))).last).not.toHaveProperty('redirectedTo');
  });

  test('in a circle are an error', async () => {
    await expect(follow({}, answer(302, '/api/a'))).rejects.toMatchObject({ problem: { status: 0 } });
  });

  test('are left to the caller, or refused, if the request says so', async () => {
    expect((await follow({ redirect: 'manual' }, answer(302, '/api/b'))).last.status).toBe(302);
    await expect(follow({ redirect: 'error' }, answer(302, '/api/b'))).rejects.toMatchObject({ problem: { status: 0 } });
  });
});
