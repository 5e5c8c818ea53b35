import * as ts from 'typescript';
import type { Source } from './sources';

export interface Finding {
  path: string;
  line: number;
  what: string;
  /** The text to remove; undefined: that takes a person. */
  removal?: { start: number; end: number };
}

export type Names = ReadonlySet<string>;

const PACKAGE =
  /^(angular-oauth2-oidc|angular-auth-oidc-client|keycloak-(angular|js)|@auth0\/(angular-jwt|auth0-angular|auth0-spa-js)|oidc-client(-ts)?|@azure\/msal-(angular|browser)|jwt-decode)(\/|$)/;
const TOKEN = /token|jwt|bearer/i;
const STORAGE = /(^|\.)(localStorage|sessionStorage)$/;

/** Return the functions and classes of a file that set the header Authorization. */
export function authorizing({ path, text }: Source): string[] {
  const names: string[] = [];
  for (const statement of parsed(path, text).statements) {
    if (!contains(statement, setsAuthorization)) continue;
    if (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement)) names.push(statement.name?.text ?? '');
    if (ts.isVariableStatement(statement))
      names.push(...statement.declarationList.declarations.map(({ name }) => name.getText()));
  }
  return names;
}

/** Return the code of tokens in a file. `interceptors` are the functions and classes that set the header Authorization. */
export function findings({ path, text }: Source, interceptors: Names): Finding[] {
  const file = parsed(path, text);
  const found: Finding[] = [];
  const add = (node: ts.Node, what: string, removal?: Finding['removal']): void => {
    found.push({ path, line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, what, removal });
  };
  visit(file, (node) => {
    if (ts.isImportDeclaration(node) && PACKAGE.test(textOf(node.moduleSpecifier))) {
      add(node, `uses ${textOf(node.moduleSpecifier)}: HubSession and the hub take its place`);
    } else if (ts.isCallExpression(node) && storesToken(node)) {
      add(node, `keeps a token: ${node.getText().slice(0, 60)}`, setsItem(node) ? statementOf(node) : undefined);
    } else if (setsAuthorization(node)) {
      add(node, 'sets the header Authorization: the hub does that');
    } else if (ts.isArrayLiteralExpression(node)) {
      for (const [index, element] of node.elements.entries()) {
        const name = registered(node, element);
        if (name !== undefined && interceptors.has(name)) add(element, `registers ${name}`, elementOf(node, index));
      }
    }
  });
  return found;
}

function parsed(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => visit(child, see));
}

function contains(node: ts.Node, is: (node: ts.Node) => boolean): boolean {
  return is(node) || (node.forEachChild((child) => contains(child, is) || undefined) ?? false);
}

function textOf(node: ts.Node | undefined): string {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : '';
}

function storesToken(call: ts.CallExpression): boolean {
  const { expression } = call;
  if (!ts.isPropertyAccessExpression(expression) || !STORAGE.test(expression.expression.getText())) return false;
  return ['getItem', 'setItem'].includes(expression.name.text) && TOKEN.test(call.arguments[0]?.getText() ?? '');
}

function setsItem({ expression }: ts.CallExpression): boolean {
  return ts.isPropertyAccessExpression(expression) && expression.name.text === 'setItem';
}

/** `.set('Authorization', ...)`, `.append(...)`, or a property `Authorization` of an object. */
function setsAuthorization(node: ts.Node): boolean {
  if (ts.isPropertyAssignment(node)) return /^['"]?authorization['"]?$/i.test(node.name.getText());
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  return /^(set|append)$/.test(node.expression.name.text) && /^authorization$/i.test(textOf(node.arguments[0]));
}

/** Return the name of the interceptor that an element of `withInterceptors([...])` or of providers registers. */
function registered(list: ts.ArrayLiteralExpression, element: ts.Expression): string | undefined {
  const { parent } = list;
  if (ts.isCallExpression(parent) && parent.expression.getText() === 'withInterceptors') return element.getText();
  if (!ts.isObjectLiteralExpression(element)) return undefined;
  const value = (name: string): string | undefined =>
    element.properties
      .filter(ts.isPropertyAssignment)
      .find((property) => property.name.getText() === name)
      ?.initializer.getText();
  return value('provide') === 'HTTP_INTERCEPTORS' ? value('useClass') : undefined;
}

/** Return the text of a call that is a statement of its own, with its line; undefined if its value is used. */
function statementOf({ parent }: ts.CallExpression): Finding['removal'] {
  if (!ts.isExpressionStatement(parent) || !ts.isBlock(parent.parent)) return undefined;
  return { start: parent.getFullStart(), end: parent.getEnd() };
}

/** Return the text of an element of a list, with the comma. */
function elementOf({ elements }: ts.ArrayLiteralExpression, index: number): Finding['removal'] {
  const element = elements[index];
  if (index + 1 < elements.length) return { start: element.getFullStart(), end: elements[index + 1].getFullStart() };
  return { start: index > 0 ? elements[index - 1].getEnd() : element.getFullStart(), end: element.getEnd() };
}
