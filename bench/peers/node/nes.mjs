// REST over WebSocket with @hapi/nes: each request is injected into hapi, whose handler h2o2 forwards it on kept connections.
// Settings are one line of JSON on standard input: {port, routes: {prefix: url}, authorityFile}. It ends with its input.

import { readFileSync } from 'node:fs';
import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { createInterface } from 'node:readline';

import H2o2 from '@hapi/h2o2';
import Hapi from '@hapi/hapi';
import Nes from '@hapi/nes';

async function serve({ port, routes, authorityFile }) {
  const server = Hapi.server({ port, host: '127.0.0.1' });
  await server.register([Nes, H2o2]);
  for (const [prefix, url] of Object.entries(routes)) {
    const agent = url.startsWith('https:')
      ? new TlsAgent({ keepAlive: true, ca: readFileSync(authorityFile) })
      : new PlainAgent({ keepAlive: true });
    server.route({ method: 'GET', path: `${prefix}/{rest*}`, handler: { proxy: { uri: `${url}/{rest}`, agent, passThrough: true } } });
  }
  await server.start();
}

const input = createInterface({ input: process.stdin });
input.once('line', (line) => serve(JSON.parse(line)));
input.once('close', () => process.exit(0));
