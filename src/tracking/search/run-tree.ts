import type { RunItem } from '../run-records.js';

/** A run in its place below its parents. */
export interface TreeRow<T> {
  run: T;
  /** Parents above it on this tree. */
  depth: number;
  /** Whether it is one of the runs that were found, and not only above one of them. */
  fits: boolean;
}

/**
 * Runs below their parents. The order of `items` is kept: a parent stands where the first of it and of what is below
 * it would. A run whose parent is not among them stands at the left.
 * @param ancestors runs above the items
 */
export function arrangeTree<T extends RunItem>(items: readonly T[], ancestors: readonly T[]): TreeRow<T>[] {
  const known = new Map([...items, ...ancestors].map((run) => [run.run_id, run]));
  const children = new Map<string | null, T[]>();
  const placed = new Set<string>();
  // Each item is placed with what is above it, up to what is placed already: so the first of a family decides.
  for (const item of items) {
    const walked = new Set<string>();
    for (let run: T | undefined = item; run !== undefined && !placed.has(run.run_id); ) {
      placed.add(run.run_id);
      walked.add(run.run_id);
      const parent: T | undefined = known.get(run.parent_run_id ?? '');
      // A run that were above itself would never be reached from the left.
      const above = parent === undefined || walked.has(parent.run_id) ? null : parent;
      const siblings = children.get(above?.run_id ?? null);
      if (siblings === undefined) children.set(above?.run_id ?? null, [run]);
      else siblings.push(run);
      run = above ?? undefined;
    }
  }
  const found = new Set(items.map((item) => item.run_id));
  const rows: TreeRow<T>[] = [];
  // A stack of its own: there is no limit to the depth.
  const waiting = (children.get(null) ?? []).map((run) => ({ run, depth: 0 })).reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { run, depth } = next;
    rows.push({ run, depth, fits: found.has(run.run_id) });
    const below = children.get(run.run_id) ?? [];
    for (let i = below.length - 1; i >= 0; i--) waiting.push({ run: below[i], depth: depth + 1 });
  }
  return rows;
}
