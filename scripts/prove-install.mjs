#!/usr/bin/env node
// Installs the packed package as a user would, in a clean HOME and with install scripts off: what works, and what is said
// until the database module is built. Needs the npm registry. Run: node scripts/prove-install.mjs
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'riskops install '));
const home = join(folder, 'home');
const project = join(folder, 'project');
/** What this machine's npm is told, which a clean HOME does not know. */
const npmConfig = (key) =>
  spawnSync('npm', ['config', 'get', key], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  }).stdout.trim();
const headers = npmConfig('nodedir');
const environment = {
  PATH: process.env.PATH,
  HOME: home,
  USERPROFILE: home,
  SystemRoot: process.env.SystemRoot,
  TEMP: process.env.TEMP,
  npm_config_registry: npmConfig('registry'),
  // Where the machine has Node's headers, so that the module can be compiled without fetching them.
  ...(headers === 'undefined' || headers === '' ? {} : { npm_config_nodedir: headers }),
  npm_config_update_notifier: 'false',
};
for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NODE_EXTRA_CA_CERTS'])
  if (process.env[name] !== undefined) environment[name] = process.env[name];

let failures = 0;

function run(what, program, words, { status, says }, cwd = project) {
  const started = performance.now();
  const ended = spawnSync(program, words, {
    cwd,
    env: environment,
    encoding: 'utf8',
    shell: process.platform === 'win32' && program === 'npm',
  });
  const said = `${ended.stdout}${ended.stderr}`;
  const isRight = ended.status === status && says.test(said) && !/\n\s+at /.test(said);
  if (!isRight) failures++;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${isRight ? 'ok    ' : 'FAILED'}  ${what} (exit code ${ended.status}, ${seconds} s)`);
  if (!isRight) console.log(said.split('\n').slice(-15).join('\n'));
}

try {
  mkdirSync(home);
  mkdirSync(project);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'p', version: '1.0.0', private: true }),
  );
  run(
    'npm pack',
    'npm',
    ['pack', '--ignore-scripts', '--pack-destination', folder],
    { status: 0, says: /riskops-.*\.tgz/ },
    root,
  );
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'missing');
  run(
    'npm install --ignore-scripts',
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball],
    { status: 0, says: /added \d+ packages/ },
  );
  const riskops = (what, words, expected) =>
    run(
      `riskops ${what}`,
      process.execPath,
      [join(project, 'node_modules', 'riskops', 'bin', 'riskops.js'), ...words],
      expected,
    );
  riskops('--version', ['--version'], { status: 0, says: /^\d+\.\d+\.\d+\n$/ });
  riskops('init', ['init'], { status: 0, says: /Next: riskops train/ });
  riskops('train, without the database module', ['train'], {
    status: 78,
    says: /Try: {3}npm rebuild better-sqlite3/,
  });
  riskops('doctor, without the database module', ['doctor'], {
    status: 1,
    says: /try: npm rebuild better-sqlite3/,
  });
  run('npm rebuild better-sqlite3', 'npm', ['rebuild', 'better-sqlite3'], { status: 0, says: /rebuilt/ });
  riskops('train --promote', ['train', '--learner', 'logistic', '--promote'], {
    status: 0,
    says: /Version 1 is current/,
  });
  riskops('doctor', ['doctor'], { status: 0, says: /ok +engines: All engines load/ });
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
process.exitCode = failures === 0 ? 0 : 1;
