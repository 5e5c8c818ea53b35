import { SchematicTestRunner, type UnitTestTree } from '@angular-devkit/schematics/testing';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildSchematics } from '../../../schematics.mjs';

const inWorkspace = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const compiled = inWorkspace('out-tsc/schematics');

interface Run {
  tree: UnitTestTree;
  /** What the terminal shows. */
  said: string[];
}

/** Return the workspace that `ng new` makes. */
async function fresh(options: object = {}): Promise<UnitTestTree> {
  const angular = new SchematicTestRunner('@schematics/angular', inWorkspace('node_modules/@schematics/angular/collection.json'));
  const workspace = { name: 'workspace', version: '21.0.0', newProjectRoot: 'projects' };
  const application = { name: 'ward', projectRoot: '', skipInstall: true, ...options };
  return angular.runSchematic('application', application, await angular.runSchematic('workspace', workspace));
}

async function add(before: UnitTestTree, options: object = {}): Promise<Run> {
  const runner = new SchematicTestRunner('iris-hub-client', `${compiled}/collection.json`);
  const said: string[] = [];
  runner.logger.subscribe(({ message }) => said.push(message));
  return { tree: await runner.runSchematic('ng-add', options, before), said };
}

function contents(tree: UnitTestTree): Record<string, string> {
  return Object.fromEntries(tree.files.map((path) => [path, tree.readContent(path)]));
}

function json(tree: UnitTestTree, path: string): any {
  return JSON.parse(tree.readContent(path));
}

const changed = (before: Record<string, string>, tree: UnitTestTree): string[] =>
  tree.files.filter((path) => before[path] !== tree.readContent(path));

let before: UnitTestTree;

beforeAll(() => buildSchematics(compiled));

describe('ng add in a fresh application', () => {
  beforeEach(async () => void (before = await fresh()));

  test('names the hub after HttpClient, and changes four files', async () => {
    const old = contents(before);
    const { tree } = await add(before, { routes: '/api, download/' });
    expect(changed(old, tree).sort()).toEqual(['/angular.json', '/proxy.conf.json', '/src/app/app.config.ts', '/src/index.html']);
    const config = tree.readContent('/src/app/app.config.ts');
    expect(config).toContain("import { provideHub } from 'iris-hub-client';");
    expect(config).toMatch(/provideHttpClient\(\),\s*provideHub\(\{ routes: \['\/api', '\/download'\] \}\)/);
  });

  test('leads the addresses of the hub to it under ng serve', async () => {
    const { tree } = await add(before, { hub: 'http://localhost:9000' });
    expect(json(tree, '/proxy.conf.json')).toEqual({
      '/hub': { target: 'http://localhost:9000', ws: true },
      '/api': { target: 'http://localhost:9000' },
    });
    const { serve, build } = json(tree, '/angular.json').projects.ward.architect;
    expect(serve.options.proxyConfig).toBe('proxy.conf.json');
    expect(build.configurations.production.optimization).toEqual({
      scripts: true,
      styles: { minify: true, inlineCritical: false },
    });
  });

  test('gives the root element the nonce, and says so', async () => {
    const { tree, said } = await add(before);
    expect(tree.readContent('/src/index.html')).toContain('<app-root ngCspNonce="{nonce}"></app-root>');
    expect(said.join('\n')).toContain('src/index.html: the hub puts a new nonce into each page.');
  });

  test('changes nothing the second time', async () => {
    const { tree } = await add(before);
    const old = contents(tree);
    const again = await add(tree);
    expect(contents(again.tree)).toEqual(old);
    expect(again.said).toEqual([]);
  });

  test('reports nothing where there is no token', async () => {
    const { said } = await add(before);
    expect(said.join('\n')).not.toContain('token');
  });
});

describe('ng add in an application that has settings already', () => {
  test('an AppModule gets the provider, and HttpClientModule stays', async () => {
    before = await fresh({ standalone: false });
    const path = before.files.find((file) => /app[.-]module\.ts$/.test(file))!;
    const text = before.readContent(path);
    const http = "import { HttpClientModule } from '@angular/common/http';\n";
    before.overwrite(path, http + text.replace('BrowserModule,', 'BrowserModule,\n    HttpClientModule,'));
    const { tree } = await add(before);
    expect(tree.readContent(path)).toMatch(/providers: \[[^\]]*provideHub\(\{ routes: \['\/api'\] \}\)/);
    expect(tree.readContent(path)).not.toContain('provideHttpClient(');
  });

  test('a proxy keeps its entries', async () => {
    before = await fresh();
    const workspace = json(before, '/angular.json');
    workspace.projects.ward.architect.serve.options = { proxyConfig: 'src/proxy.json' };
    before.overwrite('/angular.json', JSON.stringify(workspace));
    before.create('/src/proxy.json', '{ "/api": { "target": "https://iris.example" } }');
    const { tree } = await add(before);
    expect(json(tree, '/src/proxy.json')).toEqual({
      '/api': { target: 'https://iris.example' },
      '/hub': { target: 'http://localhost:8080', ws: true },
    });
    expect(tree.exists('/proxy.conf.json')).toBe(false);
  });

  test('a service worker leaves the addresses of the hub alone, and index.html stays as it is', async () => {
    before = await fresh();
    const workspace = json(before, '/angular.json');
    workspace.projects.ward.architect.build.configurations.production.serviceWorker = 'ngsw-config.json';
    before.overwrite('/angular.json', JSON.stringify(workspace));
    before.create('/ngsw-config.json', '{ "index": "/index.html" }');
    const { tree, said } = await add(before);
    const urls = ['/**', '!/**/*.*', '!/**/*__*', '!/**/*__*/**', '!/hub/**', '!/api/**'];
    expect(json(tree, '/ngsw-config.json').navigationUrls).toEqual(urls);
    expect(tree.readContent('/src/index.html')).not.toContain('ngCspNonce');
    expect(said.join('\n')).toContain('static.content_security_policy = "angular-styles"');
  });

  test('an unknown application is refused, with the names of those that there are', async () => {
    await expect(add(await fresh(), { project: 'word' })).rejects.toThrow(
      'There is no application "word" in the workspace. Applications: ward.',
    );
  });
});

describe('old code of tokens', () => {
  const INTERCEPTOR = `import { HttpInterceptorFn } from '@angular/common/http';

export const tokenInterceptor: HttpInterceptorFn = (request, next) => {
  const token = localStorage.getItem('access_token');
  return next(request.clone({ setHeaders: { Authorization: \`Bearer \${token}\` } }));
};
`;
  const LOGIN = `import { OAuthService } from 'angular-oauth2-oidc';

export class Login {
  constructor(readonly oauth: OAuthService) {}

  done(token: string, theme: string): void {
    localStorage.setItem('access_token', token);
    localStorage.setItem('theme', theme);
  }
}
`;
  const CONFIG = '/src/app/app.config.ts';

  beforeEach(async () => {
    before = await fresh();
    before.create('/src/app/token-interceptor.ts', INTERCEPTOR);
    before.create('/src/app/login.ts', LOGIN);
    const config = before.readContent(CONFIG);
    const imports = `import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { loggingInterceptor } from './logging';
import { tokenInterceptor } from './token-interceptor';
`;
    const provider = 'providers: [provideHttpClient(withInterceptors([tokenInterceptor, loggingInterceptor])),';
    before.overwrite(CONFIG, imports + config.replace('providers: [', provider));
  });

  test('is reported with file and line, and stays', async () => {
    const { tree, said } = await add(before);
    const lines = said.filter((line) => /src\/app/.test(line)).map((line) => line.trim());
    expect(lines).toEqual([
      expect.stringMatching(/^\* src\/app\/app\.config\.ts:\d+ {2}registers tokenInterceptor$/),
      'src/app/login.ts:1  uses angular-oauth2-oidc: HubSession and the hub take its place',
      "* src/app/login.ts:7  keeps a token: localStorage.setItem('access_token', token)",
      "src/app/token-interceptor.ts:4  keeps a token: localStorage.getItem('access_token')",
      'src/app/token-interceptor.ts:5  sets the header Authorization: the hub does that',
    ]);
    expect(tree.readContent('/src/app/login.ts')).toBe(LOGIN);
    expect(tree.readContent(CONFIG)).toContain('withInterceptors([tokenInterceptor, loggingInterceptor])');
    expect(said.at(-1)).toContain('--remove');
  });

  test('is removed where that is safe, when that is asked for', async () => {
    const { tree, said } = await add(before, { remove: true });
    expect(tree.readContent('/src/app/login.ts')).toBe(LOGIN.replace("\n    localStorage.setItem('access_token', token);", ''));
    expect(tree.readContent(CONFIG)).toContain('withInterceptors([ loggingInterceptor])');
    expect(tree.readContent('/src/app/token-interceptor.ts')).toBe(INTERCEPTOR);
    expect(said.filter((line) => line.includes('removed '))).toHaveLength(2);
    const old = contents(tree);
    expect(contents((await add(tree, { remove: true })).tree)).toEqual(old);
  });

  test('classes for HTTP_INTERCEPTORS and headers that are set one by one are found too', async () => {
    const text = `export class Auth {
  intercept(request, next) {
    return next.handle(request.clone({ headers: request.headers.set('authorization', this.token) }));
  }
}
export const providers = [{ provide: HTTP_INTERCEPTORS, useClass: Auth, multi: true }];
`;
    before.create('/src/app/auth.ts', text);
    const { tree, said } = await add(before, { remove: true });
    expect(tree.readContent('/src/app/auth.ts')).toContain('export const providers = [];');
    expect(said.join('\n')).toContain('removed src/app/auth.ts:6  registers Auth');
    expect(said.join('\n')).toContain('by hand src/app/auth.ts:3  sets the header Authorization');
  });
});
