import type { compareColumn } from '../src/evaluation/drift/compare.js';
import type { categoryReference, numberReference } from '../src/evaluation/drift/reference.js';
import type { judgeComparisons } from '../src/evaluation/drift/verdict.js';

export interface Tools {
  numberReference: typeof numberReference;
  categoryReference: typeof categoryReference;
  compareColumn: typeof compareColumn;
  judgeComparisons: typeof judgeComparisons;
}

export function drawColumns(
  seed: number,
  rows: number,
  shift?: number,
): { kind: 'numbers' | 'categories'; values: Float64Array }[];

export function countDrifted(
  tools: Tools,
  options: { windows: number; rows: number; referenceRows?: number; shift?: number; seed?: number },
): { drifted: number; both: number };
