import { schemaDifferences } from '../registry/schema-differences.js';
import type { Store } from '../storage/store.js';
import { type CodeComparison, compareCode } from '../tracking/compare-code.js';
import { compareEnvironments } from '../tracking/compare-environments.js';
import { type ComparedKey, compareKeys } from '../tracking/compare-runs.js';
import { findRun } from '../tracking/find-run.js';
import { getRun, type RunDetail } from '../tracking/read-runs.js';
import { compareData, type DataComparison } from './diff-data.js';
import { readScores } from './holdout-scores.js';

export interface DiffOptions {
  /** The project's folder: the repository that knows the commits. */
  root: string;
  /** With the diffs of the code themselves. */
  code?: boolean;
}

/** The versions that two runs made, side by side. */
export interface ModelComparison {
  versions: [string, string];
  learners: [string, string];
  /** The same model, bit for bit. */
  same: boolean;
  /** What a caller of the first would notice with the second; null where a run kept no signature. */
  differences: string[] | null;
}

/** What differs between two runs; what is the same is left out. */
export interface RunDiff {
  runs: [string, string];
  params: ComparedKey<string>[];
  tags: ComparedKey<string>[];
  metrics: ComparedKey<number>[];
  code: CodeComparison;
  data: DataComparison;
  /** null where a run is from before environments were recorded. */
  environment: ComparedKey<string>[] | null;
  /** null unless both made a version. */
  model: ModelComparison | null;
}

/**
 * What differs between two runs: parameters, tags, last metrics, code, data, environment and model.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS
 */
export async function diffRuns(store: Store, a: string, b: string, options: DiffOptions): Promise<RunDiff> {
  const rows: [Row, Row] = [await findRun(store, a), await findRun(store, b)];
  const runs: [RunDetail, RunDetail] = [
    await getRun(store, rows[0].run_id),
    await getRun(store, rows[1].run_id),
  ];
  const differing = <T>(keys: ComparedKey<T>[]) => keys.filter(({ same }) => !same);
  const environment = compareEnvironments(rows[0].environment_json, rows[1].environment_json);
  return {
    runs: [rows[0].run_id, rows[1].run_id],
    params: differing(compareKeys(runs.map(({ params }) => params))),
    tags: differing(compareKeys(runs.map(({ tags }) => tags))),
    metrics: differing(compareKeys(runs.map(({ metrics }) => metrics))),
    code: await compareCode(store, rows, options.root, options.code ?? false),
    data: await compareData(store, runs),
    environment: environment && differing(environment),
    model: await compareModels(store, rows[0].run_id, rows[1].run_id),
  };
}

type Row = Awaited<ReturnType<typeof findRun>>;

async function compareModels(store: Store, a: string, b: string): Promise<ModelComparison | null> {
  const [was, is] = [await newestVersion(store, a), await newestVersion(store, b)];
  if (was === undefined || is === undefined) return null;
  const [before, after] = [await readScores(store, a), await readScores(store, b)];
  const name = ({ model, version }: typeof was) => `${model} version ${version}`;
  return {
    versions: [name(was), name(is)],
    learners: [was.learner, is.learner],
    same: was.content_sha256 === is.content_sha256,
    differences:
      before === null || after === null
        ? null
        : schemaDifferences(before.signature, after.signature).differences,
  };
}

function newestVersion(store: Store, runId: string) {
  return store.db
    .selectFrom('versions')
    .select(['model', 'version', 'learner', 'content_sha256'])
    .where('run_id', '=', runId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
}
