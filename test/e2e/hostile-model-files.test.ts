import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask } from '../../src/checks/http.js';
import { readPointer } from '../../src/registry/current.js';
import { openConnection } from '../../src/storage/database/sqlite-connection.js';
import { sha256 } from '../../src/util/files.js';
import { temporaryFolder } from '../support/temporary.js';
import { fail, LOAN, makeProject, placesOf, type Sandbox, startServing, succeed } from './sandbox.js';

interface Trained {
  candidate: { path: string };
}

const fileOf = (sandbox: Sandbox, { candidate }: Trained) =>
  join(placesOf(sandbox).artifacts, candidate.path);

/** The header of a safetensors file: its JSON, and where the tensors begin. */
function headerOf(bytes: Buffer) {
  const length = Number(bytes.readBigUInt64LE(0));
  return { text: bytes.subarray(8, 8 + length).toString('utf8'), end: 8 + length };
}

/** The file with its header text changed, padded to the length it had. */
function withHeader(bytes: Buffer, change: (text: string) => string): Buffer {
  const { text, end } = headerOf(bytes);
  const changed = Buffer.from(change(text).trimEnd());
  const length = Math.max(Math.ceil(changed.length / 8) * 8, end - 8);
  const head = Buffer.alloc(8 + length, ' ');
  head.writeBigUInt64LE(BigInt(length));
  changed.copy(head, 8);
  return Buffer.concat([head, bytes.subarray(end)]);
}

/** The bytes of one tensor inside the file, to be written into. */
function tensorOf(bytes: Buffer, name: string): Buffer {
  const { text, end } = headerOf(bytes);
  const [from, to] = JSON.parse(text)[name].data_offsets;
  return bytes.subarray(end + from, end + to);
}

const DAMAGES: Record<string, (bytes: Buffer) => Buffer> = {
  'one byte is flipped': (bytes) => {
    const changed = Buffer.from(bytes);
    changed[bytes.length - 5] ^= 0x10;
    return changed;
  },
  'it is cut in half': (bytes) => bytes.subarray(0, bytes.length >> 1),
  'it is empty': () => Buffer.alloc(0),
  'its header claims 2^63 bytes': (bytes) => {
    const changed = Buffer.from(bytes);
    changed.writeBigUInt64LE(2n ** 63n);
    return changed;
  },
  'its header has __proto__': (bytes) =>
    withHeader(bytes, (text) => text.replace('{', '{"__proto__":{"polluted":true},')),
  'its nodes go round in a circle': (bytes) => {
    const changed = Buffer.from(bytes);
    tensorOf(changed, 'left').writeInt32LE(0, 0);
    return changed;
  },
  'its weights are not numbers': (bytes) => {
    const changed = Buffer.from(bytes);
    tensorOf(changed, 'value').writeDoubleLE(Number.NaN, 0);
    return changed;
  },
};

/** Puts the hash on record where the database has it, as somebody would who can write both: structure must be checked too. */
async function recordHash(sandbox: Sandbox, version: number, hash: string): Promise<void> {
  const database = openConnection(placesOf(sandbox).database);
  // The database refuses to change a version, so the attacker takes that away first.
  for (const { name } of database
    .prepare("select name from sqlite_master where type = 'trigger' and tbl_name = 'versions'")
    .all() as { name: string }[])
    database.exec(`drop trigger ${name}`);
  database.prepare('update versions set sha256 = ? where version = ?').run(hash, version);
  database.close();
}

test('a damaged or hostile model file is refused by promote, doctor and serve, in one line and under two seconds', async () => {
  const sandbox = await makeProject(temporaryFolder());
  await succeed(sandbox, ['train', '--learner', 'random-forest', '--set', 'trees=20', '--promote']);
  const candidate = await succeed<Trained>(sandbox, [
    'train',
    '--learner',
    'random-forest',
    '--set',
    'trees=30',
  ]);
  const file = fileOf(sandbox, candidate);
  const sound = readFileSync(file);
  for (const [name, damage] of Object.entries(DAMAGES)) {
    const damaged = damage(sound);
    writeFileSync(file, damaged);
    for (const hash of [sha256(sound), sha256(damaged)]) {
      await recordHash(sandbox, 2, hash);
      const started = performance.now();
      const refused = await fail(sandbox, ['promote', '--version', '2', '--force', '--reason', name], 65);
      // Of two seconds and the start of a process on a busy machine.
      expect(performance.now() - started, name).toBeLessThan(4_000);
      expect(refused.stderr, name).toMatch(/^Error: .*refused.*\nWhy: .*\nTry: .*$/);
      const doctor = await fail(sandbox, ['doctor'], 1);
      expect(doctor.stdout, name).toMatch(/error\s+model files: loans version 2: .*refused/);
    }
    expect(readPointer(placesOf(sandbox).currentModel)?.models['loans'].version, name).toBe(1);
  }
}, 240_000);

test('a server whose current model is refused stays alive, says why, and serves as soon as a good one is promoted', async () => {
  const sandbox = await makeProject(temporaryFolder());
  const trained = await succeed<Trained>(sandbox, ['train', '--learner', 'logistic', '--promote']);
  const file = fileOf(sandbox, trained);
  copyFileSync(file, `${file}.sound`);
  const bytes = readFileSync(file);
  bytes[bytes.length - 3] ^= 1;
  writeFileSync(file, bytes);

  const server = await startServing(sandbox);
  try {
    expect((await ask(`${server.url}/health`)).status).toBe(200);
    const ready = await ask(`${server.url}/ready`);
    expect(ready.status).toBe(503);
    expect(JSON.stringify(ready.body)).toMatch(/SHA-256/);
    const refused = await ask(`${server.url}/predict`, { body: { inputs: LOAN } });
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({
      ok: false,
      error: { code: 'CURRENT_MODEL_LOAD_FAILED', message: expect.stringMatching(/version 1/i) },
    });

    // The gate compares with the predictions that version 1 left on these rows; by force, since the two are as good.
    const judged = await succeed<{ gate: { current: unknown; comparisons: { against: string }[] } }>(
      sandbox,
      ['train', '--learner', 'gradient-boosting', '--set', 'trees=20'],
    );
    expect(judged.gate.current).toEqual({ version: 1 });
    expect(judged.gate.comparisons.map(({ against }) => against)).toContain('current v1');
    await succeed(sandbox, ['promote', '--version', '2', '--force', '--reason', 'version 1 is damaged']);
    const answer = await ask(`${server.url}/predict`, { body: { inputs: LOAN } });
    expect(answer).toMatchObject({ status: 200, body: { version: 2 } });
    expect((await ask(`${server.url}/ready`)).status).toBe(200);
  } finally {
    await server.stop();
  }
}, 120_000);
