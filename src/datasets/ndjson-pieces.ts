import { NotPlain } from './csv-pieces.js';
import type { DataStream } from './data-file.js';
import { ObjectRows } from './json-values.js';
import { isDocument, linesOf, parseLine } from './read-ndjson.js';
import type { ReadContext } from './read-options.js';
import type { Table } from './table.js';

/**
 * The rows of a file with one object a line, as tables of at most `rowsAtOnce` rows; each has the columns whose keys stand in it.
 * @throws NotPlain for one document over several lines and for a file without rows; RiskopsError as `readNdjson`
 */
export async function* ndjsonPieces(
  path: string,
  { stream, context, rowsAtOnce }: { stream: DataStream; context: ReadContext; rowsAtOnce: number },
): AsyncGenerator<Table> {
  let isFirst = true;
  let lineOfRow: number[] = [];
  const numbersOf = (rows: readonly number[]) => rows.map((row) => lineOfRow[row]);
  const begin = () => new ObjectRows({ ...context, isPart: true }, { path, unit: 'line', numbersOf });
  let rows = begin();
  for await (const { text, line } of linesOf(path, stream)) {
    if (isFirst && isDocument(path, text)) throw new NotPlain();
    isFirst = false;
    lineOfRow.push(line);
    rows.add(parseLine(rows, text));
    if (rows.rows < rowsAtOnce) continue;
    yield rows.finish().table;
    rows = begin();
    lineOfRow = [];
  }
  if (isFirst) throw new NotPlain();
  if (rows.rows > 0) yield rows.finish().table;
}
