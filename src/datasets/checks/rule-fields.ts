import { parseDate } from '../dates.js';
import { readerOf } from '../encode-value.js';
import type { Feature, Signature } from '../signature.js';

/** What a part of a rule is; `any` where only the rows will tell. */
export type ValueType = 'number' | 'text' | 'boolean' | 'date' | 'any';

/** A value as a rule sees it: a date in milliseconds; null when it is missing, or is not what the field holds. */
export type RuleValue = number | string | boolean | null;

/** A field that a rule names. */
export interface RuleField {
  type: ValueType;
  read(value: unknown): RuleValue;
}

const TYPES: Record<Feature['type'], ValueType> = {
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  date: 'date',
  category: 'text',
};

/** The model's own reader of a value: what it takes for missing is missing here too, and what it refuses, it will refuse itself. */
function featureField(feature: Feature, missing: readonly string[] | undefined): RuleField {
  const { name, type, nullable, categories } = feature;
  const reader = readerOf({ name, type, nullable, ...(categories && { categories }) }, missing);
  const cell = new Float64Array(1);
  const read = (value: unknown): number | null => {
    const isRead = value !== undefined && reader.read(value, cell, 0) !== 'WRONG_TYPE';
    return isRead && !Number.isNaN(cell[0]) ? cell[0] : null;
  };
  if (type === 'category')
    return { type: 'text', read: (value) => (read(value) === null ? null : String(value).trim()) };
  if (type !== 'boolean') return { type: TYPES[type], read };
  return {
    type: 'boolean',
    read: (value) => {
      const bit = read(value);
      return bit === null ? null : bit === 1;
    },
  };
}

const anyField: RuleField = {
  type: 'any',
  read(value) {
    if (typeof value === 'number') return Number.isFinite(value) ? value : null;
    return typeof value === 'string' || typeof value === 'boolean' ? value : null;
  },
};

/** The fields of rows that a signature describes; one that it does not have holds anything. */
export function fieldsOf(signature: Signature | null): (name: string) => RuleField {
  return (name) => {
    const feature = signature?.features.find((one) => one.name === name);
    return feature === undefined ? anyField : featureField(feature, signature?.missing);
  };
}

/** Whether this is a date as a rule may write it, and which: in milliseconds. */
export const dateOf = (text: string): number | undefined => parseDate(text.trim());
