// An independent OpenID Provider (npm oidc-provider) for the tests. Its settings are one line of JSON on standard input;
// it answers with one line {"issuer"} on standard output, and ends when standard input does, so that it never outlives
// its test.
//
//   GET  /events   what happened so far, in order: [{route, method, status, grant_type, client_id, error}]
//   GET  /issued   every secret that was issued or received so far: [{kind, value}]
//   GET  /interaction/<uid>   the login page (a form with `login` and `password`), then the consent page (`consent`)
//   POST /interaction/<uid>   takes both forms; `cancel` in place of their fields ends with access_denied

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import Provider from 'oidc-provider';

const RESOURCE = 'urn:hub:api';
const events = [];
const issued = [];

function signingKeys() {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return [{ ...rsa, use: 'sig', alg: 'RS256' }, { ...ec, use: 'sig', alg: 'ES256' }];
}

function clients(settings) {
  const client = {
    client_secret: settings.client_secret,
    redirect_uris: settings.redirect_uris,
    post_logout_redirect_uris: settings.post_logout_redirect_uris,
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    ...(settings.backchannel_logout_uri && {
      backchannel_logout_uri: settings.backchannel_logout_uri,
      backchannel_logout_session_required: true,
    }),
  };
  return [
    { ...client, client_id: 'hub', token_endpoint_auth_method: 'client_secret_basic', ...settings.client_metadata },
    { ...client, client_id: 'hub-post', token_endpoint_auth_method: 'client_secret_post' },
    {
      client_id: 'resource-server',
      client_secret: settings.client_secret,
      grant_types: [],
      response_types: [],
      redirect_uris: [],
    },
  ];
}

function resourceIndicators(settings) {
  return {
    enabled: settings.access_token_format === 'jwt',
    defaultResource: () => RESOURCE,
    useGrantedResource: () => true,
    getResourceServerInfo: () => ({
      scope: 'api',
      audience: RESOURCE,
      accessTokenFormat: 'jwt',
      accessTokenTTL: settings.access_token_seconds,
      jwt: { sign: { alg: 'RS256' } },
    }),
  };
}

function configuration(settings) {
  return {
    clients: clients(settings),
    jwks: { keys: signingKeys() },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    scopes: ['openid', 'profile', 'email', 'offline_access', 'api'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] },
    pkce: { required: () => true },
    rotateRefreshToken: settings.rotate_refresh_token,
    issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    // Its own guard refuses loopback addresses, where all parties of a test are.
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: {
      AccessToken: settings.access_token_seconds,
      AuthorizationCode: 60,
      Grant: 86400,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: settings.refresh_token_seconds,
      Session: 86400,
    },
    features: {
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => settings.require_dpop_nonce },
      encryption: { enabled: true },
      jwtUserinfo: { enabled: true },
      pushedAuthorizationRequests: {
        enabled: true,
        requirePushedAuthorizationRequests: settings.require_pushed_authorization_requests,
      },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: resourceIndicators(settings),
      revocation: { enabled: true, allowedPolicy: () => true },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        name: `${id[0].toUpperCase()}${id.slice(1)} Liddell`,
        preferred_username: id,
        email: `${id}@example.org`,
        email_verified: true,
      }),
    }),
    renderError: (ctx, out) => { ctx.type = 'html'; ctx.body = page('Error', `<p>${escape(JSON.stringify(out))}</p>`); },
  };
}

const escape = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const page = (title, body) => `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>${body}</body></html>`;
const loginPage = (message) => page('Log in', `<p>${message}</p><form method="post"><input name="login" required autofocus>
<input name="password" type="password" required><button type="submit">Log in</button></form>`);
const consentPage = () => page('Consent', `<form method="post">
<button type="submit" name="consent" value="yes">Allow</button></form>`);

function logoutSource(ctx, form) {
  ctx.body = page('Log out', `${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes">Log out</button>`);
}

function postLogoutSuccessSource(ctx) {
  ctx.body = page('Logged out', '');
}

async function readForm(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

function send(response, status, type, body) {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
}

async function consentedGrant(provider, { prompt: { details }, grantId, session, params }) {
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (details.missingOIDCScope) grant.addOIDCScope(details.missingOIDCScope.join(' '));
  if (details.missingOIDCClaims) grant.addOIDCClaims(details.missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(details.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  return grant.save();
}

async function interact(provider, users, request, response) {
  const details = await provider.interactionDetails(request, response);
  const name = details.prompt.name;
  if (request.method !== 'POST') {
    return send(response, 200, 'text/html; charset=utf-8', name === 'login' ? loginPage('') : consentPage());
  }
  const form = await readForm(request);
  if (form.has('cancel')) {
    return provider.interactionFinished(request, response, { error: 'access_denied' }, { mergeWithLastSubmission: false });
  }
  if (name === 'consent') {
    const consent = { grantId: await consentedGrant(provider, details) };
    return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
  }
  const login = form.get('login');
  if (!Object.hasOwn(users, login) || users[login] !== form.get('password')) {
    return send(response, 401, 'text/html; charset=utf-8', loginPage('Wrong user or password.'));
  }
  return provider.interactionFinished(request, response, { login: { accountId: login } }, { mergeWithLastSubmission: false });
}

function record(ctx) {
  const { params = {}, route, client } = ctx.oidc;
  const body = ctx.body !== null && typeof ctx.body === 'object' ? ctx.body : {};
  events.push({
    route,
    method: ctx.method,
    status: ctx.status,
    grant_type: params.grant_type,
    client_id: client?.clientId,
    error: body.error,
  });
  const location = ctx.response.get('Location') ?? '';
  const query = location.includes('?') ? new URL(location, 'http://localhost').searchParams : new URLSearchParams();
  for (const source of [params, body, Object.fromEntries(query)]) {
    for (const kind of ['access_token', 'refresh_token', 'id_token', 'code', 'code_verifier']) {
      if (typeof source[kind] === 'string') issued.push({ kind, value: source[kind] });
    }
  }
}

async function serve(settings) {
  const server = createServer();
  await new Promise((resolve) => { server.listen(settings.port, '127.0.0.1', resolve); });
  const issuer = settings.issuer || `http://${settings.host}:${server.address().port}`;
  const provider = new Provider(issuer, configuration(settings));
  provider.use(async (ctx, next) => {
    try {
      await next();
    } finally {
      if (ctx.oidc?.route) record(ctx);
    }
  });
  provider.on('error', (error) => console.error(error)); // Koa's: what it answers with 500
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (request.url === '/events') return send(response, 200, 'application/json', JSON.stringify(events));
    if (request.url === '/issued') return send(response, 200, 'application/json', JSON.stringify(issued));
    if (!request.url.startsWith('/interaction/')) return callback(request, response);
    return interact(provider, settings.users, request, response).catch((error) => {
      send(response, 400, 'text/plain', String(error));
    });
  });
  process.stdout.write(`${JSON.stringify({ issuer, port: server.address().port })}\n`);
}

const input = createInterface({ input: process.stdin });
input.once('line', (line) => serve(JSON.parse(line)));
input.once('close', () => process.exit(0));
