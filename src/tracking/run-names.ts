import { randomUUID } from 'node:crypto';

/** 32 hex digits of a random UUID. */
export function newRunId(): string {
  return randomUUID().replaceAll('-', '');
}

/** `<YYYYMMDD_HHMMSS_kind_shortid>`, the time in UTC. */
export function runDirName(runId: string, kind: string, createdAt: string): string {
  const [date, time] = createdAt.split('T');
  const stamp = `${date.replaceAll('-', '')}_${time.slice(0, 8).replaceAll(':', '')}`;
  return `${stamp}_${slugKind(kind)}_${runId.slice(0, 8)}`;
}

/** Letters and digits of ASCII, the rest as `_`: a folder name that every system takes. */
function slugKind(kind: string): string {
  const slug = kind.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
  return slug.slice(0, 40) || 'run';
}

/** Keys of the files that are kept about a run. */
export const runKeys = {
  folder: (dirName: string) => `runs/${dirName}`,
  manifest: (dirName: string) => `runs/${dirName}/manifest.json`,
  byId: (runId: string) => `runs/_by_id/${runId}.json`,
  latest: 'runs/_latest.json',
};
