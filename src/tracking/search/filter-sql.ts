import { sql } from 'kysely';
import { isNumeric, numberOfText, type SearchFacts, type Sql, summaryOf, withValue } from './field-sql.js';
import type { Field } from './fields.js';
import type { Comparator, Filter, Operand } from './filter.js';

const COMPARISONS: Record<Comparator, Sql> = {
  '=': sql`=`,
  '!=': sql`<>`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
};

/**
 * The runs `r` of which the filter is true, or of which it is `false`: of one that has nothing there it is neither. So a
 * NOT is taken down to the terms, and every term is asked for what it finds alone. All that was written in the filter is
 * a bound parameter.
 */
export function filterSql(filter: Filter, facts: SearchFacts, wanted = true): Sql {
  switch (filter.op) {
    case 'and':
    case 'or': {
      const parts = filter.parts.map((part) => filterSql(part, facts, wanted));
      return joined(parts, (filter.op === 'and') === wanted ? sql`and` : sql`or`);
    }
    case 'not':
      return filterSql(filter.part, facts, !wanted);
    case 'null':
      return termSql(filter.field, facts, wanted ? 'missing' : 'there');
    case 'between':
      return filterSql(bothEnds(filter), facts, wanted);
    default:
      return termSql(filter.field, facts, (value, isNan) => {
        const condition = conditionOf(filter, value, isNan);
        return wanted ? condition : sql`(not ${condition})`;
      });
  }
}

type Term = Extract<Filter, { op: 'compare' | 'in' | 'like' }>;
type Condition = (value: Sql, isNan: Sql) => Sql;

function bothEnds({ field, from, to }: Extract<Filter, { op: 'between' }>): Filter {
  const parts: Filter[] = [
    { op: 'compare', field, comparator: '>=', value: from },
    { op: 'compare', field, comparator: '<=', value: to },
  ];
  return { op: 'and', parts };
}

/** In halves: a thousand terms in a row would be an expression a thousand deep, which SQLite refuses. */
function joined(parts: Sql[], word: Sql): Sql {
  if (parts.length === 1) return parts[0];
  const half = parts.length >> 1;
  return sql`(${joined(parts.slice(0, half), word)} ${word} ${joined(parts.slice(half), word)})`;
}

/**
 * The runs of which a condition on one field is true. A metric is asked for all of them at once, which reads its part of
 * an index from end to end; run by run it would be a search in all metrics of all runs for each.
 */
function termSql(field: Field, facts: SearchFacts, condition: Condition | 'there' | 'missing'): Sql {
  if (field.type !== 'metric') {
    if (condition === 'there' || condition === 'missing')
      return sql`(${withValue(field, facts, (value) => value)} is ${condition === 'there' ? sql`not null` : sql`null`})`;
    return withValue(field, facts, (value) => condition(value, sql`${value} = 'NaN'`));
  }
  const { key, summary } = field;
  const value = summaryOf(field, facts);
  const isLast = summary === 'last';
  const having = (which: Sql) => sql`(select m.run_id from metrics m where m.key = ${key} and ${which})`;
  // A metric whose last value is NaN, which reads as null, is there.
  const isThere = isLast ? sql`true` : sql`(${value}) is not null`;
  if (condition === 'missing') return sql`(r.run_id not in ${having(isThere)})`;
  const isNan = isLast ? sql`m.special is 'NaN'` : sql`false`;
  return sql`(r.run_id in ${having(condition === 'there' ? isThere : condition(value, isNan))})`;
}

function conditionOf(term: Term, value: Sql, isNan: Sql): Sql {
  if (term.op === 'like') return sql`(${value} like ${term.pattern} escape '\\')`;
  if (term.op === 'in') return isOneOf(term.field, term.values, value, isNan);
  const same = isOneOf(term.field, [term.value], value, isNan);
  if (term.comparator === '=') return same;
  if (term.comparator === '!=') return sql`(not ${same})`;
  const left = term.field.type === 'pair' && isNumeric(term.value) ? numberOfText(value) : value;
  return sql`((${left}) ${COMPARISONS[term.comparator]} ${term.value})`;
}

function isOneOf(field: Field, values: Operand[], value: Sql, isNan: Sql): Sql {
  const bound = values.map((each) => (typeof each === 'boolean' ? Number(each) : each));
  if (field.type !== 'pair' && field.type !== 'metric') return sql`((${value}) in (${list(bound)}))`;
  const number = field.type === 'pair' ? numberOfText(value) : value;
  const numbers = bound.filter((each) => isNumeric(each) && !Number.isNaN(each));
  const texts = bound.filter((each) => typeof each === 'string');
  const parts: Sql[] = [];
  if (numbers.length > 0) parts.push(sql`((${number}) in (${list(numbers)}))`);
  if (texts.length > 0) parts.push(sql`(${value} in (${list(texts)}))`);
  if (bound.some((each) => Number.isNaN(each)))
    parts.push(sql`(case when ${isNan} then 1 when (${number}) is not null then 0 end)`);
  return joined(parts, sql`or`);
}

/** Padded to a power of two: each text of SQL is kept prepared, so there should be few of them. */
export function list(values: readonly unknown[]): Sql {
  const length = 2 ** Math.ceil(Math.log2(values.length));
  return sql.join(Array.from({ length }, (_, i) => values[Math.min(i, values.length - 1)]));
}
