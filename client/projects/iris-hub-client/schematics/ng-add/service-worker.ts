import type { Rule, Tree } from '@angular-devkit/schematics';
import { JSONFile } from '@schematics/angular/utility/json-file';
import { hasServiceWorker } from './index-html';
import type { Target } from './options';

const DEFAULT = ['/**', '!/**/*.*', '!/**/*__*', '!/**/*__*/**']; // of Angular, where the file names no addresses

/** Leave the hub's addresses to the hub in ngsw-config.json. */
export function serviceWorker(target: Target): Rule {
  return (tree: Tree, { logger }) => {
    if (!hasServiceWorker(target)) return;
    const path = [target.definition.root, 'ngsw-config.json'].filter(Boolean).join('/');
    if (!tree.exists(path))
      return logger.warn(`There is no ${path}: leave ${excluded(target).join(', ')} out of its "navigationUrls".`);
    const file = new JSONFile(tree, path);
    const now = (file.get(['navigationUrls']) as string[] | undefined) ?? DEFAULT;
    const missing = excluded(target).filter((pattern) => !now.includes(pattern));
    if (missing.length > 0) file.modify(['navigationUrls'], [...now, ...missing]);
    logger.info(`main.ts: call admitServiceWorker('ngsw-worker.js') before bootstrapApplication.`);
  };
}

function excluded({ routes }: Target): string[] {
  return ['/hub', ...routes].map((prefix) => `!${prefix}/**`);
}
