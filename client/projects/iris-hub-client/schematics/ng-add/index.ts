import { type Rule, SchematicsException, type Tree, chain } from '@angular-devkit/schematics';
import { readWorkspace } from '@schematics/angular/utility';
import { index } from './index-html';
import { type Options, type Target, prefixes } from './options';
import { providers } from './providers';
import { proxy } from './proxy';
import { serviceWorker } from './service-worker';
import { tokens } from './tokens';

/** Add the hub's client to an application. A second run changes nothing. */
export function ngAdd(options: Options): Rule {
  return async (tree: Tree) => {
    const target = await targetOf(tree, options);
    return chain([providers(target), proxy(target), index(target), serviceWorker(target), tokens(target)]);
  };
}

/** Return the application that the options name, the only one, or the first. */
async function targetOf(
  tree: Tree,
  { project, routes = '/api', hub = 'http://localhost:8080', remove = false }: Options,
): Promise<Target> {
  const workspace = await readWorkspace(tree);
  const applications = [...workspace.projects].filter(([, { extensions }]) => extensions['projectType'] === 'application');
  const [name, definition] =
    applications.find(([name]) => name === project) ?? (project === undefined ? applications[0] : undefined) ?? [];
  if (name === undefined || definition === undefined) {
    const names = applications.map(([name]) => name).join(', ') || 'none';
    throw new SchematicsException(`There is no application "${project ?? ''}" in the workspace. Applications: ${names}.`);
  }
  return { name, definition, routes: prefixes(routes), hub, remove };
}
