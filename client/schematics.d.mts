/** Compile the schematics into a folder. */
export function buildSchematics(target: string): void;
