import { RiskopsError } from '../errors.js';
import { type QueryCell, type QueryResult, queryStore } from '../tracking/search/query-store.js';
import { toPrettyJson } from '../util/json.js';
import type { Command } from './command.js';
import { csvLines } from './csv-lines.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

const FORMATS = ['table', 'csv', 'json'];

export const command: Command = {
  args: '<sql>',
  options: [
    { flag: '--format <format>', description: 'table, csv or json; table when not given', choices: FORMATS },
    { flag: '--limit <number>', description: 'rows at most; 1000 when not given' },
    { flag: '--timeout-ms <number>', description: 'how long it may take; 30000 when not given' },
  ],
  details:
    'One SELECT, WITH, VALUES or EXPLAIN of SQLite; the store is only read. docs/guides/search.md names the tables. In CSV a text that a spreadsheet would run as a formula gets a quote before it. Exit codes: 0 done, 2 refused, 75 ended before it was done.',
  examples: [
    'riskops query "select kind, count(*) as runs from runs group by kind"',
    'riskops query "select * from promotions" --format csv',
  ],
  async run({ args, flags, project, output, signal }) {
    const format = formatOf(flags, output.json);
    const limit = wholeNumber(flags, 'limit', { min: 1, max: 1_000_000, otherwise: 1000 });
    const timeoutMs = wholeNumber(flags, 'timeoutMs', { min: 1, max: 86_400_000, otherwise: 30_000 });
    return withStore(project, 'read', async (store) => {
      const result = await queryStore(store, args[0], { limit, timeoutMs, signal });
      const document = { ...result, rows: recordsOf(result) };
      output.result(document, () => {
        if (format === 'json') return [toPrettyJson(document)];
        return format === 'csv' ? csvLines(result.columns, result.rows) : tableLines(result);
      });
      if (result.cut) output.talk(`There are more rows than these ${result.rows.length}; more with --limit`);
      return undefined;
    });
  },
};

function formatOf(flags: Record<string, unknown>, json: boolean): string {
  const format = (flags['format'] as string | undefined) ?? (json ? 'json' : 'table');
  if (FORMATS.includes(format) && !(json && format !== 'json')) return format;
  throw new RiskopsError('OPTION_INVALID', {
    what: json
      ? `--json and --format ${format} exclude each other.`
      : `--format must be one of ${FORMATS.join(', ')}.`,
    fix: 'riskops query --help',
  });
}

function recordsOf({ columns, rows }: QueryResult): Record<string, QueryCell>[] {
  return rows.map((row) => Object.fromEntries(row.map((cell, i) => [columns[i], cell])));
}

function tableLines({ columns, rows }: QueryResult): string[] {
  return rows.length === 0 ? ['No row.'] : formatTable(columns, rows);
}
