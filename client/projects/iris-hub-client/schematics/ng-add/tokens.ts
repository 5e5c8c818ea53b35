import type { Rule, Tree } from '@angular-devkit/schematics';
import { type Finding, type Names, authorizing, findings } from './findings';
import type { Target } from './options';
import { sources } from './sources';

/** Report the code of tokens in the browser, with file and line. With `remove` take out what can be taken out; the rest is left to people. */
export function tokens({ definition, remove }: Target): Rule {
  return (tree: Tree, { logger }) => {
    const all = sources(tree, definition);
    const interceptors: Names = new Set(all.flatMap(authorizing));
    const found = all.flatMap((source) => findings(source, interceptors));
    if (found.length === 0) return;
    logger.info('Code of tokens in the browser, which the hub replaces (docs/angular.md, "Moving from tokens in the browser"):');
    for (const finding of found) logger.info(`  ${line(finding, remove)}`);
    if (remove) for (const { path } of all) removeFrom(tree, path, interceptors);
    else if (found.some(({ removal }) => removal))
      logger.info('Nothing of it was changed. `ng add iris-hub-client --remove` removes what is marked with *.');
  };
}

function line({ path, line, what, removal }: Finding, remove: boolean): string {
  return `${removal ? (remove ? 'removed ' : '* ') : remove ? 'by hand ' : '  '}${path}:${line}  ${what}`;
}

/** Remove one thing after the other, because each moves the text behind it. */
function removeFrom(tree: Tree, path: string, interceptors: Names): void {
  for (;;) {
    const text = tree.readText(path);
    const removal = findings({ path, text }, interceptors).find((finding) => finding.removal)?.removal;
    if (removal === undefined) return;
    tree.overwrite(path, text.slice(0, removal.start) + text.slice(removal.end));
  }
}
