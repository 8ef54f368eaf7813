import { type ReadOptions, readTable } from '../datasets/read-table.js';
import { readOptionsFor } from '../datasets/signature.js';
import { RiskopsError } from '../errors.js';
import type { ModelHeader } from '../models/model-header.js';
import { shapeData } from './shape-data.js';

/** How the rows that a model learned from were made of those of its data; kept in the model file's provenance. */
export interface ShapeFacts {
  reshape: Record<string, unknown> | null;
  label: Record<string, unknown> | null;
}

/**
 * The rows of a source as the model takes them: with the types that it learned, and made by its own reshape rule (and its label rule, where
 * the target is asked for) when the source has the raw rows and not the columns that were made of them.
 * @throws COLUMN_NOT_FOUND when it has neither, and what `readTable` and `shapeData` throw
 */
export async function readModelRows(
  { signature, provenance }: ModelHeader,
  source: string,
  { withTarget = false, ...options }: ReadOptions & { withTarget?: boolean } = {},
): ReturnType<typeof readTable> {
  const known = { ...readOptionsFor(signature), ...options };
  const { reshape = null, label = null } = (provenance['shape'] ?? {}) as Partial<ShapeFacts>;
  const rules = { reshape, label: withTarget ? label : null };
  try {
    return await readTable(source, known);
  } catch (error) {
    const lacksColumns = error instanceof RiskopsError && error.code === 'COLUMN_NOT_FOUND';
    if (!lacksColumns || (rules.reshape === null && rules.label === null)) throw error;
    const { schema, isSettled, ...marks } = known;
    const read = await readTable(source, marks);
    return { ...read, table: shapeData(read.table, rules).table };
  }
}
