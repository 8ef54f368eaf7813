import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..', 'src');

/** The import table of docs/architecture.md: a room, and the rooms it may import. */
const MAY_IMPORT: Record<string, readonly string[]> = Object.fromEntries(
  readFileSync(join(SOURCE, '..', 'docs', 'architecture.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| [a-z]+ \| [a-z, -]+ \|$/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, room, may]) => [room, may === '-' ? [] : may.split(', ')]),
);
/** What every room may import: words of no domain, the error catalogue, the shape of a setting. */
const SHARED = ['util', 'errors', 'error-catalogue', 'settings'];
/** What may import everything, and is imported by no room. */
const TOP = ['commands', 'cli', 'index', 'config', 'config-file', 'config-value', 'start-run'];

interface Import {
  from: string;
  to: string;
  specifier: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sourceFiles(path) : path.endsWith('.ts') ? [path] : [];
  });
}

/** Static and dynamic imports, re-exports and type imports of a file, by the TypeScript parser. */
function specifiersOf(path: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      found.push(node.moduleSpecifier.text);
    }
    if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      ts.isStringLiteral(node.arguments[0])
    ) {
      found.push(node.arguments[0].text);
    }
    if (
      ts.isImportTypeNode(node) &&
      ts.isLiteralTypeNode(node.argument) &&
      ts.isStringLiteral(node.argument.literal)
    ) {
      found.push(node.argument.literal.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return found;
}

const roomOf = (path: string) =>
  relative(SOURCE, path)
    .split(sep)[0]
    .replace(/\.[jt]s$/, '');

const files = sourceFiles(SOURCE);
const imports: Import[] = files.flatMap((path) =>
  specifiersOf(path, readFileSync(path, 'utf8'))
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({
      from: path,
      to: join(dirname(path), specifier.replace(/\.js$/, '.ts')),
      specifier,
    })),
);

test('the import table names every room', () => {
  const rooms = [...new Set(files.map(roomOf))].filter(
    (room) => !SHARED.includes(room) && !TOP.includes(room),
  );
  expect(rooms.filter((room) => !(room in MAY_IMPORT))).toEqual([]);
});

test('rooms import only what the table allows', () => {
  const wrong = imports.filter(({ from, to }) => {
    const [room, other] = [roomOf(from), roomOf(to)];
    if (room === other || SHARED.includes(other)) return false;
    if (TOP.includes(room))
      return TOP.includes(other) && room === 'commands' && !['config', 'commands'].includes(other);
    return SHARED.includes(room) || !MAY_IMPORT[room]?.includes(other);
  });
  expect(wrong.map(({ from, to }) => `${relative(SOURCE, from)} -> ${relative(SOURCE, to)}`)).toEqual([]);
});

test('rooms import one way, without a circle', () => {
  const reaches = (room: string, seen: string[] = []): string[] =>
    (MAY_IMPORT[room] ?? []).flatMap((next) =>
      seen.includes(next) ? [] : [next, ...reaches(next, [...seen, next])],
    );
  expect(Object.keys(MAY_IMPORT).filter((room) => reaches(room).includes(room))).toEqual([]);
});

test('files import one way, without a circle', () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (path: string, trail: string[]): void => {
    if (trail.includes(path))
      circles.push(
        [...trail.slice(trail.indexOf(path)), path].map((at) => relative(SOURCE, at)).join(' -> '),
      );
    if (done.has(path) || trail.includes(path)) return;
    for (const to of next.get(path) ?? []) walk(to, [...trail, path]);
    done.add(path);
  };
  for (const path of files) walk(path, []);
  expect(circles).toEqual([]);
});

test('only config.ts reads the environment', () => {
  const readers = files.filter((path) => /process\.env/.test(readFileSync(path, 'utf8')));
  expect(readers.map((path) => relative(SOURCE, path))).toEqual(['config.ts']);
});

test('util stays at five files', () => {
  expect(files.filter((path) => roomOf(path) === 'util').length).toBeLessThanOrEqual(5);
});
