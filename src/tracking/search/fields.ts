import { nearestWord, printable } from '../../util/text.js';
import type { Token } from './tokens.js';

/** Columns of `runs` that hold text. */
type TextColumn =
  | 'run_id'
  | 'name'
  | 'kind'
  | 'model'
  | 'note'
  | 'error'
  | 'group_name'
  | 'parent_run_id'
  | 'git_commit'
  | 'git_branch'
  | 'host';

/** What a series of metric values is asked for. */
export type Summary = 'last' | 'min' | 'max' | 'mean' | 'best' | 'count';

/** What a filter, an order or a column is about. */
export type Field =
  | { type: 'text'; column: TextColumn }
  | { type: 'status' }
  | { type: 'time'; column: 'created_at' | 'ended_at' }
  | { type: 'duration' }
  | { type: 'flag'; column: 'git_dirty' | 'protected_at' }
  /** A parameter or tag. The hash of the data is a parameter that is only ever compared as text. */
  | { type: 'pair'; table: 'params' | 'tags'; key: string; asText?: boolean }
  | { type: 'metric'; key: string; summary: Summary };

const PLAIN: Record<string, Field> = {
  id: { type: 'text', column: 'run_id' },
  name: { type: 'text', column: 'name' },
  kind: { type: 'text', column: 'kind' },
  model: { type: 'text', column: 'model' },
  status: { type: 'status' },
  start: { type: 'time', column: 'created_at' },
  created: { type: 'time', column: 'created_at' },
  end: { type: 'time', column: 'ended_at' },
  ended: { type: 'time', column: 'ended_at' },
  duration: { type: 'duration' },
  note: { type: 'text', column: 'note' },
  error: { type: 'text', column: 'error' },
  group: { type: 'text', column: 'group_name' },
  parent: { type: 'text', column: 'parent_run_id' },
  'git.commit': { type: 'text', column: 'git_commit' },
  'git.branch': { type: 'text', column: 'git_branch' },
  'git.dirty': { type: 'flag', column: 'git_dirty' },
  host: { type: 'text', column: 'host' },
  protected: { type: 'flag', column: 'protected_at' },
  data: { type: 'pair', table: 'params', key: 'data_sha256', asText: true },
};

const SUMMARIES: readonly string[] = ['last', 'min', 'max', 'mean', 'best', 'count'];
const KEYED = ['params', 'tags', 'metrics'];

export const isSummary = (word: string): boolean => SUMMARIES.includes(word.toLowerCase());

/** The field that a name token means, or in `why` what is wrong with it. The part before the key may be in any case. */
export function fieldNamed(token: Token): Field | { why: string } {
  const dot = token.text.indexOf('.');
  const base = token.text.slice(0, dot < 0 ? undefined : dot).toLowerCase();
  if (dot >= 0 && KEYED.includes(base)) {
    const key = token.content ?? token.text.slice(dot + 1);
    if (key === '' || (token.content !== undefined && !/^\w+\.["`]/.test(token.text)))
      return { why: `the name of the ${base.slice(0, -1)} is missing: ${base}.NAME or ${base}."A NAME"` };
    if (base === 'metrics') return { type: 'metric', key, summary: 'last' };
    return { type: 'pair', table: base as 'params' | 'tags', key };
  }
  const word = token.text.toLowerCase();
  if (token.content === undefined && Object.hasOwn(PLAIN, word)) return PLAIN[word];
  return { why: `there is no field "${printable(token.text, 60)}": ${suggestField(token.text)}` };
}

/** The metric's field with another summary than its last value. */
export function summarised(field: Field, summary: string): Field | undefined {
  return field.type === 'metric' ? { ...field, summary: summary.toLowerCase() as Summary } : undefined;
}

function suggestField(given: string): string {
  const [base, ...rest] = given.split('.');
  const keyed = rest.length > 0 ? nearestWord(base, KEYED) : undefined;
  if (keyed !== undefined) return `did you mean ${keyed}.${printable(rest.join('.'), 60)}?`;
  const near = nearestWord(given, [...Object.keys(PLAIN), ...KEYED]);
  if (near !== undefined) return `did you mean ${KEYED.includes(near) ? `${near}.NAME` : near}?`;
  return `a metric is metrics.NAME, a parameter params.NAME, a tag tags.NAME; else one of ${Object.keys(PLAIN).join(', ')}`;
}
