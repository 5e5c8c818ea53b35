import { type Rule, type Tree, chain, noop } from '@angular-devkit/schematics';
import { addRootProvider } from '@schematics/angular/utility';
import { sources } from './sources';
import type { Target } from './options';

/** Name `provideHub` in app.config.ts or AppModule, after `provideHttpClient`, which is added where nothing provides HttpClient. */
export function providers({ name, definition, routes }: Target): Rule {
  return (tree: Tree) => {
    const texts = sources(tree, definition).map(({ text }) => text);
    if (texts.some((text) => /\bprovideHub\s*\(/.test(text))) return noop();
    const hasHttp = texts.some((text) => /\bprovideHttpClient\s*\(|\bHttpClientModule\b/.test(text));
    const list = routes.map((route) => `'${route}'`).join(', ');
    return chain([
      hasHttp
        ? noop()
        : addRootProvider(name, ({ code, external }) => code`${external('provideHttpClient', '@angular/common/http')}()`),
      addRootProvider(name, ({ code, external }) => code`${external('provideHub', 'iris-hub-client')}({ routes: [${list}] })`),
    ]);
  };
}
