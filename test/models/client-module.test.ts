import { basename, join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import type { Signature } from '../../src/datasets/signature.js';
import { clientModule } from '../../src/models/client-module.js';
import type { ModelHeader } from '../../src/models/model-header.js';

const ROOT = join(import.meta.dirname, '..', '..');

/** What the TypeScript compiler says of files, at its strictest: by file, the text of the line and the message. */
function diagnose(files: Record<string, string>): Record<string, [line: string, message: string][]> {
  const texts = new Map(Object.entries(files).map(([name, text]) => [join(ROOT, name), text]));
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, exactOptionalPropertyTypes: true, noUnusedLocals: true },
    ...{ skipLibCheck: true, types: [], lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'] },
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2023,
    paths: { 'riskops/client': [join(ROOT, 'src/client/client.ts')] },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists.call(host, path);
  host.readFile = (path) => texts.get(path) ?? readFile.call(host, path);
  host.getSourceFile = (path, target) => {
    const text = texts.get(path);
    return text === undefined
      ? getSourceFile.call(host, path, target)
      : ts.createSourceFile(path, text, target, true);
  };
  const found: Record<string, [string, string][]> = {};
  for (const { file, start = 0, messageText } of ts.getPreEmitDiagnostics(
    ts.createProgram([...texts.keys()], options, host),
  )) {
    const name = basename(file?.fileName ?? 'none');
    const line = file?.text.split('\n')[file.getLineAndCharacterOfPosition(start).line].trim() ?? '';
    found[name] = [...(found[name] ?? []), [line, ts.flattenDiagnosticMessageText(messageText, ' ')]];
  }
  return found;
}

const HOSTILE = [
  '`$\u007bprocess.exit(1)}`',
  '*/ export const evil = 1; /*',
  '"; export const evil = 2; //',
  "'quoted' \\",
  'line\nbreak\r\u2028\u2029',
  '\u202eright to left\u0000\u200b\ufeff',
  '</script>$\u007bx}',
  '할인 가격',
  '__proto__',
  'constructor',
  '',
  '1starts with a digit',
  '\ud800 alone',
];

function headerOf(
  task: ModelHeader['task'],
  classes: ModelHeader['classes'],
  features: Signature['features'],
) {
  const signature = { features, target: { name: 't', type: 'category' as const, classes } };
  return { task, classes, threshold: task === 'binary' ? 0.5 : null, signature } as ModelHeader;
}

const hostileFeatures: Signature['features'] = [
  ...HOSTILE.map((name) => ({ name, type: 'number' as const, nullable: true, min: -1, max: 1e300 })),
  { name: 'kind', type: 'category', nullable: false, categories: HOSTILE },
];
const hostile = clientModule(headerOf('multiclass', HOSTILE.slice(0, 12), hostileFeatures), {
  model: 'credit-default.v2',
  version: 3,
  beside: HOSTILE.map((name) => `key ${name}`),
});

const CREDIT: Signature['features'] = [
  { name: 'income', type: 'number', nullable: true, min: 0, max: 10 },
  { name: '지역', type: 'category', nullable: false, categories: ['부산', '서울'] },
  { name: 'owner', type: 'boolean', nullable: false },
  { name: 'since', type: 'date', nullable: false, min: 0, max: 1 },
  { name: 'store', type: 'category', role: 'group', nullable: false },
  { name: 'rating', type: 'number', nullable: false },
];
const credit = clientModule(headerOf('binary', ['good', 'bad'], CREDIT), {
  ...{ model: 'credit', version: 1, lookedUp: ['rating'], beside: ['store_id'] },
});

const long = Array.from({ length: 201 }, (_, i) => `c${i}`);
const named: Signature['features'] = [{ name: 'a', type: 'category', nullable: false, categories: long }];
const regression = clientModule(headerOf('regression', null, named), { model: '신용', version: 1 });
const many = clientModule(headerOf('multiclass', [0, 1, 2], named), { model: '3d', version: 1 });

const PROGRAM = `
import { createCreditClient, type CreditRow } from './credit.js';
import { createModel3dClient } from './many.js';
const client = createCreditClient({ url: 'http://localhost:8000', token: 'x' });
const row: CreditRow = { income: null, 지역: '서울', owner: true, since: '2024-01-31', store: 7, store_id: 5 };
const answer = await client.predict(row, { interval: 0.9 });
const called: 'good' | 'bad' = answer.class;
const score: number = answer.prediction;
const { predictions } = await client.predictMany([row, { ...row, rating: 4 }]);
const one: 0 | 1 | 2 = (await createModel3dClient({ url: 'x' }).predict({ a: 'c1' })).prediction;
export const all = [called, score, predictions[0].prediction_id, one];
`;

/** Lines of a program, and what the compiler must complain of. */
const WRONG: [string, string][] = [
  ["await client.predict({ ...row, 지역: '제주' });", '"제주"'],
  ['await client.predict({ ...row, incom: 1 });', 'incom'],
  ['await client.predict({ ...row, owner: null });', 'null'],
  ["export const ugly: 'ugly' = (await client.predict(row)).class;", '"ugly"'],
  ["createCreditClient({ url: 'x', model: 'other' });", 'model'],
];

test('the modules compile at the strictest, and hold a program to features, categories and classes', () => {
  const found = diagnose({
    ...{ 'hostile.ts': hostile, 'credit.ts': credit, 'regression.ts': regression, 'many.ts': many },
    'program.ts': PROGRAM,
    'wrong.ts': `${PROGRAM}${WRONG.map(([line]) => line).join('\n')}`,
  });
  expect(Object.keys(found)).toEqual(['wrong.ts']);
  expect(found['wrong.ts'].map(([line]) => line)).toEqual(WRONG.map(([line]) => line));
  for (const [i, [, message]] of found['wrong.ts'].entries()) expect(message).toContain(WRONG[i][1]);
});

test('names out of the data cannot become code: each is a literal that is the name', () => {
  const source = ts.createSourceFile('made.ts', hostile, ts.ScriptTarget.ES2023, true);
  const row = source.statements.find(
    (node): node is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(node) && node.name.text === 'CreditDefaultV2Row',
  )!;
  const names = row.members.map((member) => (member.name as ts.StringLiteral).text);
  expect(names).toEqual([...HOSTILE, 'kind', ...HOSTILE.map((name) => `key ${name}`)]);
  expect(source.statements.map((node) => ts.SyntaxKind[node.kind])).toEqual([
    'ImportDeclaration',
    'InterfaceDeclaration',
    'InterfaceDeclaration',
    'TypeAliasDeclaration',
    'FunctionDeclaration',
  ]);
  // Nothing hides in it: what is printed is seen.
  expect(hostile.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
});

test('a regression, classes that are numbers, and a list of categories that is too long', () => {
  expect(regression).toContain('"a": string;');
  expect(regression).toContain('create신용Client');
  expect(many).toContain('prediction: 0 | 1 | 2;');
  expect(many).toContain('probabilities: { "0": number; "1": number; "2": number };');
});
