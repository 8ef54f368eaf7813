import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../src/commands/all.js';
import { findEntry } from '../src/commands/program.js';
import { generatedDocuments } from '../src/commands/reference.js';
import { settings } from '../src/config.js';
import { catalogue, EXIT } from '../src/errors.js';
import { learners } from '../src/models/all.js';
import { packageRoot } from '../src/util/package.js';

const root = packageRoot();
const read = (path: string) => readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n');

/** Every Markdown file of the project. */
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['docs', 'docs/guides', 'bench', 'data'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(documents)('%s: no link points nowhere', (document) => {
  const text = read(document).replaceAll(/^```[\s\S]*?^```/gm, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  const broken = targets.filter((target) => {
    if (/^(https?|mailto):/.test(target)) return false;
    const [path, anchor] = target.split('#');
    const file = path === '' ? document : relative(root, join(root, dirname(document), path));
    if (!existsSync(join(root, file))) return true;
    return (
      anchor !== undefined && statSync(join(root, file)).isFile() && !anchorsOf(read(file)).includes(anchor)
    );
  });
  expect(broken).toEqual([]);
});

describe('what comes from the code', () => {
  test('is as the code says; npm run docs writes it', async () => {
    for (const [name, text] of Object.entries(await generatedDocuments())) {
      expect({ name, fresh: read(`docs/${name}`) === text }).toEqual({ name, fresh: true });
    }
  });

  test('docs/cli.md has every command, each with an example that begins with its name', async () => {
    const text = read('docs/cli.md');
    for (const { name, summary, load } of commands) {
      expect(text).toContain(`\n## riskops ${name}\n`);
      expect(text).toContain(summary);
      const { examples } = (await load()).command;
      for (const example of examples) expect(example.startsWith(`riskops ${name}`)).toBe(true);
      expect(examples.length).toBeGreaterThan(0);
    }
  });

  /** Those of `items` that the document does not have as the beginning of a table's row. */
  const missing = (document: string, items: string[]) =>
    items.filter((item) => !read(document).includes(`\n| ${item} |`));

  test('docs/errors.md has every code and every exit code', () => {
    const exits = Object.values<number>(EXIT);
    const codes = Object.entries(catalogue).map(([code, { exit }]) => `\`${code}\` | ${exit}`);
    expect(missing('docs/errors.md', [...codes, ...exits.map(String)])).toEqual([]);
    expect(Object.values(catalogue).filter(({ exit }) => !exits.includes(exit))).toEqual([]);
  });

  test('docs/config.md has every setting and every hyper-parameter', () => {
    const rows = settings.map(({ config, env }) => `\`${config}\` | \`${env}\``);
    const options = learners.flatMap((learner) => learner.options.map(({ name }) => `\`${name}\``));
    expect(missing('docs/config.md', [...rows, ...options])).toEqual([]);
  });
});

test('settings are named one way: RISKOPS_* once each, and every option of a command names one that is there', async () => {
  expect(new Set(settings.map(({ env }) => env)).size).toBe(settings.length);
  expect(settings.every(({ env }) => /^RISKOPS_[A-Z_]+$/.test(env))).toBe(true);
  for (const { load } of commands) {
    for (const { setting } of (await load()).command.options)
      if (setting !== undefined) expect(settings.map(({ key }) => key)).toContain(setting);
  }
});

test('an option that names a setting takes its value: --port is the port', async () => {
  for (const { name, load } of commands) {
    for (const { flag, setting } of (await load()).command.options) {
      if (setting === undefined) continue;
      const key = flag
        .replace(/^--([a-z-]+).*$/, '$1')
        .replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
      expect({ command: name, key }).toEqual({ command: name, key: setting });
    }
  }
});

describe('a command that is named somewhere is there, with its flags', () => {
  const common = ['--json', '--dir', '--help', '--version'];

  /** What is wrong with a command as text; undefined when nothing is. */
  async function faultOf(text: string): Promise<string | undefined> {
    const words = text.split(/[\s=,]+/).slice(1);
    if (words[0].startsWith('-') || words[0] === '<command>' || words[0] === '...') return undefined;
    const entry = findEntry(words);
    const isGroup = commands.some(({ name }) => name.startsWith(`${words[0]} `));
    if (!entry) return isGroup && (words.length === 1 || words[1].startsWith('-')) ? undefined : text;
    const { options } = (await entry.load()).command;
    const known = [...common, ...options.map(({ flag }) => flag.split(' ')[0])];
    return words.some((word) => /^--[a-z]/.test(word) && !known.includes(word)) ? text : undefined;
  }
  const faultsOf = async (texts: string[]) =>
    (await Promise.all(texts.map(faultOf))).filter((fault) => fault);

  test.each(documents)('%s', async (document) => {
    const inline = [...read(document).matchAll(/`(riskops [^`]+)`/g)].map(([, text]) => text);
    const fenced = [...read(document).matchAll(/^```[\s\S]*?^```/gm)].join('\n');
    const inBlocks = [...fenced.matchAll(/^ *(riskops [a-z][^#\n]*)/gm)].map(([, text]) => text);
    expect(await faultsOf([...inline, ...inBlocks])).toEqual([]);
  });

  test('the next steps of errors', async () => {
    const steps = Object.values(catalogue).flatMap(({ next }) => next.match(/riskops [^,]+/g) ?? []);
    const inCode = sourceFiles(join(root, 'src')).flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/fix: ?\n? *['`](riskops [^'`$,;:]+)/g)].map(([, text]) =>
        text.trim(),
      ),
    );
    expect(inCode.length).toBeGreaterThan(20);
    expect(await faultsOf([...steps, ...inCode])).toEqual([]);
  });
});

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

test('every dependency has its reason in docs/decisions.md', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'));
  const cells = read('docs/decisions.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .flatMap((line) => line.split('|')[1].split(/[,\s]+/));
  expect(
    Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !cells.includes(name)),
  ).toEqual([]);
});

test('what package.json exports is shipped: built by prepack, with the types of its own source file', () => {
  const { exports, files, scripts } = JSON.parse(read('package.json'));
  const isShipped = (path: string) => files.some((folder: string) => path.startsWith(`./${folder}/`));
  const { compilerOptions, include } = JSON.parse(read('tsconfig.types.json'));
  expect([compilerOptions.outDir, compilerOptions.rootDir, include]).toEqual(['dist/types', 'src', ['src']]);
  expect(scripts.prepack).toBe('node scripts/build.mjs');
  for (const [name, target] of Object.entries<Record<string, string> | string>(exports)) {
    if (typeof target === 'string') continue;
    expect({ name, shipped: Object.values(target).every(isShipped) }).toEqual({ name, shipped: true });
    const source = target['types'].replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts');
    expect({ name, source, there: existsSync(join(root, source)) }).toMatchObject({ there: true });
    expect({ name, built: existsSync(join(root, target['default'])) }).toEqual({ name, built: true });
    // A quick build leaves no types, for those of an earlier one would not be those of its code.
    if (existsSync(join(root, 'dist', 'types')))
      expect({ name, types: existsSync(join(root, target['types'])) }).toEqual({ name, types: true });
  }
});

test('every npm script and every file that is shipped is there', () => {
  const { scripts, files, bin, exports } = JSON.parse(read('package.json'));
  for (const script of Object.values<string>(scripts)) {
    const [program, path] = script.split(' ');
    if (program === 'node') expect(existsSync(join(root, path))).toBe(true);
  }
  for (const path of [...files, ...Object.values<string>(bin), exports['.'].default]) {
    expect({ path, there: existsSync(join(root, path)) }).toEqual({ path, there: true });
  }
});
