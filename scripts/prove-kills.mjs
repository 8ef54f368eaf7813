#!/usr/bin/env node
// Kills processes without warning at random moments of their work, and looks at what is left: prove-kills.mjs [rounds] [seed].
// Nothing that was acknowledged may be lost, and nothing may be half. The tests do a few of these rounds each time.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const KINDS = ['log', 'promote', 'save', 'migrate', 'backup'];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// Below node_modules, so that the packages are found.
const folder = join(root, 'node_modules', '.cache', `riskops-kills-${process.pid}`);
const reliability = join(root, 'test', 'reliability');
await build({
  entryPoints: {
    rounds: join(reliability, 'support', 'kill-rounds.ts'),
    child: join(reliability, 'child.ts'),
  },
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  logLevel: 'warning',
});
try {
  const { killRounds } = await import(join(folder, 'rounds.mjs'));
  const [total, seed] = [Number(process.argv[2] ?? 200), Number(process.argv[3] ?? Date.now() % 1e6)];
  const rounds = Math.ceil(total / KINDS.length);
  console.log(`seed ${seed}`);
  for (const kind of KINDS) {
    const figures = await killRounds(kind, { rounds, seed, child: join(folder, 'child.mjs') });
    console.log(kind, JSON.stringify(figures));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
