// A back end on Express: express-openid-connect keeps the session in an encrypted cookie, http-proxy-middleware forwards with
// the access token as Bearer, on kept connections. Settings are one line of JSON on standard input: {port, url, routes:
// {prefix: url}, authorityFile, issuer, clientId, clientSecret, lifetimeSeconds}. It ends with its input.

import { readFileSync } from 'node:fs';
import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { createInterface } from 'node:readline';

import express from 'express';
import oidc from 'express-openid-connect';
import { createProxyMiddleware } from 'http-proxy-middleware';

function login(settings) {
  return oidc.auth({
    baseURL: settings.url,
    issuerBaseURL: settings.issuer,
    clientID: settings.clientId,
    clientSecret: settings.clientSecret,
    clientAuthMethod: 'client_secret_basic',
    secret: '0123456789abcdef0123456789abcdef',
    authorizationParams: { response_type: 'code', scope: 'openid profile' },
    session: { rollingDuration: settings.lifetimeSeconds, absoluteDuration: settings.lifetimeSeconds },
    authRequired: true,
  });
}

function proxy(url, authorityFile) {
  const agent = url.startsWith('https:')
    ? new TlsAgent({ keepAlive: true, ca: readFileSync(authorityFile) })
    : new PlainAgent({ keepAlive: true });
  return createProxyMiddleware({
    target: url,
    agent,
    on: {
      proxyReq(outgoing, request) {
        outgoing.setHeader('authorization', `Bearer ${request.oidc.accessToken.access_token}`);
        outgoing.removeHeader('cookie');
      },
    },
  });
}

function serve(settings) {
  const application = express();
  application.disable('x-powered-by');
  application.use(login(settings));
  for (const [prefix, url] of Object.entries(settings.routes)) application.use(prefix, proxy(url, settings.authorityFile));
  const server = application.listen(settings.port, '127.0.0.1');
  server.keepAliveTimeout = 3_600_000; // its 5 s would end connections between two rounds
}

const input = createInterface({ input: process.stdin });
input.once('line', (line) => serve(JSON.parse(line)));
input.once('close', () => process.exit(0));
