import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { compileEncoder } from '../../src/datasets/encode-rows.js';
import type { Signature } from '../../src/datasets/signature.js';
import { fitRecipe } from '../../src/features/recipe.js';
import { learnerFor } from '../../src/models/all.js';
import type { Hyper, Task } from '../../src/models/learner.js';
import { encodeModelFile } from '../../src/models/model-file.js';
import { getModel } from '../../src/registry/models.js';
import { promoteVersion } from '../../src/registry/promote.js';
import { registerVersion, type VersionRecord } from '../../src/registry/versions.js';
import { buildApp } from '../../src/serving/app.js';
import { closeContext, openContext, type ServerOptions, startServer } from '../../src/serving/server.js';
import { openStore } from '../../src/storage/open-store.js';
import type { Store, StorePlaces } from '../../src/storage/store.js';
import { seededRandom } from '../../src/util/random.js';
import { temporaryFolder } from '../support/temporary.js';

export function placesIn(folder: string): StorePlaces {
  const artifacts = join(folder, 'artifacts');
  return {
    database: join(folder, 'riskops.db'),
    artifacts,
    currentModel: join(artifacts, 'models', 'current.json'),
  };
}

export async function openTestStore(places = placesIn(temporaryFolder())): Promise<Store> {
  const store = await openStore(places, { mode: 'write' });
  onTestFinished(() => store.close());
  return store;
}

/** A number, an integer, a category with Korean values and a boolean. */
export const signature: Signature = {
  features: [
    { name: 'income', type: 'number', nullable: true, min: 0, max: 1 },
    { name: 'age', type: 'integer', nullable: false, min: 18, max: 80 },
    { name: 'region', type: 'category', nullable: true, categories: ['부산', '서울'] },
    { name: 'owner', type: 'boolean', nullable: false, min: 0, max: 1 },
  ],
  target: { name: 'default', type: 'category', classes: ['good', 'bad'] },
};

export const goodRow = { income: 0.5, age: 40, region: '서울', owner: true };

const CLASSES: Record<Task, Signature['target']['classes']> = {
  binary: signature.target.classes,
  multiclass: ['A', 'B', '다'],
  regression: null,
};

/**
 * A real model file, fitted on rows drawn from the seed: models of two seeds give different answers. `names` are its features; all when
 * left out.
 */
export async function fitModel(
  seed: number,
  task: Task = 'binary',
  names?: readonly string[],
  {
    name = task === 'regression' ? 'ridge' : 'logistic',
    set = {},
    metrics = { auc: 0.75, odd: Number.NaN },
  }: { name?: string; set?: Hyper; metrics?: Record<string, number> } = {},
) {
  const random = seededRandom(seed);
  const rowCount = 200;
  const rows = Array.from({ length: rowCount }, () => ({
    income: random() < 0.1 ? null : random(),
    age: 18 + Math.floor(random() * 62),
    region: random() < 0.5 ? '부산' : '서울',
    owner: random() < 0.5,
  }));
  const classes = CLASSES[task];
  const features = signature.features.filter(({ name }) => names?.includes(name) ?? true);
  const mine: Signature = { features, target: { ...signature.target, classes } };
  const y = Float64Array.from(rows, ({ income, age }) => {
    if (task === 'multiclass') return Number(age > 40 - 10 * random()) + Number(age > 60);
    return task === 'binary' ? Number((income ?? 0.5) + age / 80 + random() > 1.2) : -age * 1000;
  });
  const learner = learnerFor(name);
  const hyper = {
    ...Object.fromEntries(learner.options.map((option) => [option.name, option.default])),
    ...set,
  };
  const { cells } = compileEncoder(mine).encode(rows);
  const recipe = fitRecipe(learner.recipe, cells, rowCount, mine);
  const data = {
    ...{ x: recipe.transform(cells, rowCount), y, rowCount, weights: null, previous: null, validation: null },
    ...{ names: recipe.outputs, categories: recipe.categories, classCount: classes?.length ?? 0 },
  };
  return encodeModelFile({
    learner,
    hyper,
    recipe,
    fitted: await learner.fit(data, task, hyper, { seed, threads: 1 }),
    task,
    signature: mine,
    threshold: task === 'binary' ? 0.4 : null,
    classes,
    metrics,
    provenance: {
      model: 'credit',
      run_id: '0'.repeat(32),
      created_at: '2026-03-01T12:00:00.000Z',
      git_commit: null,
      data_sha256: '0'.repeat(64),
      seed,
      split: 'random:0.2',
      riskops_version: '0.1.0',
    },
  });
}

async function addRun(store: Store): Promise<string> {
  const run_id = randomBytes(16).toString('hex');
  const created_at = new Date().toISOString();
  const process = {
    host: 'here',
    pid: 1,
    boot_id: 'boot',
    process_started: 'then',
    heartbeat_at: created_at,
  };
  const git = { git_commit: null, git_branch: null, git_dirty: null };
  const dir_name = `20260301_120000_train_${run_id}`;
  const row = {
    run_id,
    dir_name,
    kind: 'train',
    model: null,
    status: 'FINISHED' as const,
    created_at,
    ...process,
    ...git,
  };
  await store.write((transaction) =>
    transaction
      .insertInto('runs')
      .values({ ...row, ended_at: created_at, duration_ms: 1, error: null, note: null })
      .execute(),
  );
  return run_id;
}

type ModelFile = Pick<Awaited<ReturnType<typeof fitModel>>, 'bytes' | 'contentSha256'>;

/** A run with its model file, on record as the model's next version. */
export async function addVersion(store: Store, file: ModelFile, model = 'credit'): Promise<VersionRecord> {
  const runId = await addRun(store);
  const path = `models/${model}/candidates/${runId}_logistic.safetensors`;
  const { sha256 } = await store.blobs.put(path, file.bytes);
  return registerVersion(store, {
    model,
    runId,
    learner: 'logistic',
    path,
    sha256,
    contentSha256: file.contentSha256,
    bytes: file.bytes.length,
    metrics: { auc: 0.75 },
  });
}

export async function promote(store: Store, version: number, model = 'credit') {
  const { current } = await getModel(store, model);
  return promoteVersion(store, {
    model,
    version,
    expectedCurrent: current?.version ?? null,
    actor: 'min',
    reason: 'better',
    verdict: 'promote',
    gateReportSha256: 'a'.repeat(64),
  });
}

/** A store whose model `credit` has one version, which is current. */
export async function storeWithModel(): Promise<Store> {
  const store = await openTestStore();
  await addVersion(store, await fitModel(1));
  await promote(store, 1);
  return store;
}

type TestOptions = Omit<ServerOptions, 'places'>;

/** The server's routes without a socket. */
export async function openApp(places: StorePlaces, options: TestOptions = {}) {
  const context = await openContext({ log: { mode: 'off' }, ...options, places });
  const app = await buildApp(context);
  onTestFinished(async () => {
    await app.close();
    await closeContext(context);
  });
  return { app, context };
}

export async function startTestServer(places: StorePlaces, options: TestOptions = {}) {
  const server = await startServer({ log: { mode: 'off' }, ...options, places });
  onTestFinished(() => server.close());
  return server;
}
