import type { Tree } from '@angular-devkit/schematics';
import type { ProjectDefinition } from '@schematics/angular/utility';

export interface Source {
  path: string;
  text: string;
}

/** Return the TypeScript of an application, without tests and declarations. */
export function sources(tree: Tree, { root, sourceRoot }: ProjectDefinition): Source[] {
  const found: Source[] = [];
  tree.getDir(sourceRoot ?? `${root}/src`).visit((path) => {
    if (/\.ts$/.test(path) && !/\.(spec|d)\.ts$/.test(path))
      found.push({ path: path.replace(/^\//, ''), text: tree.readText(path) });
  });
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
