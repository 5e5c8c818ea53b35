import { type Rule, type Tree, chain, noop } from '@angular-devkit/schematics';
import { updateWorkspace } from '@schematics/angular/utility';
import type { Target } from './options';

const POLICY = 'docs/angular.md, "Service workers"';

/**
 * Let the hub give the styles of components a nonce: `ngCspNonce="{nonce}"` in index.html, and no inlined critical styles, which need an inline
 * script. An application with a service worker gets no nonce, because the worker compares index.html with its digest.
 */
export function index(target: Target): Rule {
  const build = target.definition.targets.get('build');
  const hasWorker = hasServiceWorker(target);
  return chain([hasWorker ? note() : nonce(target), build === undefined ? noop() : noInlinedStyles(target)]);
}

/** Tell whether a configuration of the build makes a service worker. */
export function hasServiceWorker({ definition }: Target): boolean {
  const build = definition.targets.get('build');
  const all = [build?.options, ...Object.values(build?.configurations ?? {})];
  return all.some((options) => Boolean(options?.['serviceWorker']));
}

function note(): Rule {
  return (_tree, { logger }) =>
    logger.info(
      `The application has a service worker: set static.content_security_policy = "angular-styles" in conf/hub.toml (${POLICY}).`,
    );
}

function nonce({ definition }: Target): Rule {
  return (tree: Tree, { logger }) => {
    const named = definition.targets.get('build')?.options?.['index'];
    const path = typeof named === 'string' ? named : `${definition.sourceRoot ?? `${definition.root}/src`}/index.html`;
    if (!tree.exists(path)) return logger.warn(`There is no ${path}: add ngCspNonce="{nonce}" to the root element of your page.`);
    const text = tree.readText(path);
    if (/ngCspNonce/i.test(text)) return;
    const root = /<body[^>]*>\s*<([a-z][\w-]*)/.exec(text);
    if (root === null) return logger.warn(`${path}: add ngCspNonce="{nonce}" to the root element.`);
    const end = root.index + root[0].length;
    tree.overwrite(path, `${text.slice(0, end)} ngCspNonce="{nonce}"${text.slice(end)}`);
    logger.info(`${path}: the hub puts a new nonce into each page. ng serve has no hub in front of its pages, and needs none.`);
  };
}

/** Turn off inlined critical styles in the configuration for production, unless it says something about optimization already. */
function noInlinedStyles({ name }: Target): Rule {
  return updateWorkspace((workspace) => {
    const production = workspace.projects.get(name)?.targets.get('build')?.configurations?.['production'];
    if (production === undefined || typeof production['optimization'] === 'object') return;
    production['optimization'] = { scripts: true, styles: { minify: true, inlineCritical: false } };
  });
}
