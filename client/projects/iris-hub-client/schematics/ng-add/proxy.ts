import { type Rule, type Tree, chain, noop } from '@angular-devkit/schematics';
import { updateWorkspace } from '@schematics/angular/utility';
import { JSONFile } from '@schematics/angular/utility/json-file';
import type { Target } from './options';

/** Lead the hub's addresses and the routes from `ng serve` to the hub. Entries that are there already stay. */
export function proxy({ name, definition, routes, hub }: Target): Rule {
  const serve = definition.targets.get('serve');
  if (serve === undefined) return noop();
  const named = serve.options?.['proxyConfig'];
  if (typeof named === 'string' && !named.endsWith('.json')) {
    return (_tree: Tree, { logger }) =>
      logger.warn(
        `${named} is no JSON file: let it lead ${['/hub', ...routes].join(', ')} to ${hub} yourself ("ws": true for /hub).`,
      );
  }
  const path = typeof named === 'string' ? named : [definition.root, 'proxy.conf.json'].filter(Boolean).join('/');
  return chain([entries(path, routes, hub), typeof named === 'string' ? noop() : use(path, name)]);
}

function use(path: string, name: string): Rule {
  return updateWorkspace((workspace) => {
    const options = (workspace.projects.get(name)!.targets.get('serve')!.options ??= {});
    options['proxyConfig'] = path;
  });
}

function entries(path: string, routes: string[], hub: string): Rule {
  return (tree: Tree) => {
    if (!tree.exists(path)) tree.create(path, '{}\n');
    const file = new JSONFile(tree, path);
    const wanted: Record<string, object> = { '/hub': { target: hub, ws: true } };
    for (const route of routes) wanted[route] = { target: hub };
    for (const [prefix, entry] of Object.entries(wanted)) {
      if (file.get([prefix]) === undefined) file.modify([prefix], entry as never);
    }
  };
}
