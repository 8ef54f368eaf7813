/** Rows with those before them in their series, for a learner that follows the rows. */
export interface RowHistory {
  /** Row numbers of the table, ascending. */
  rows: Int32Array;
  /** Of each the place of the row before it among them; -1 for the first of its series. */
  previous: Int32Array;
  /** 1 for a row that was asked for, 0 for one that is history alone. */
  isAsked: Uint8Array;
}

/**
 * The asked rows and, where others lie between them in a series (rows without a target, or of another fold), those too: a learner sees the
 * same windows when it is fitted as when it is asked.
 * @param previous of every row of the table the row before it, -1 for the first of its series
 */
export function withHistory(asked: Int32Array, previous: Int32Array): RowHistory {
  const kind = new Uint8Array(previous.length);
  for (const row of asked) {
    for (let at = previous[row]; at >= 0 && kind[at] === 0; at = previous[at]) kind[at] = 1;
  }
  for (const row of asked) kind[row] = 2;
  const rows = new Int32Array(previous.length).map((_, row) => row).filter((row) => kind[row] > 0);
  const place = new Int32Array(previous.length).fill(-1);
  for (const [at, row] of rows.entries()) place[row] = at;
  return {
    rows,
    previous: rows.map((row) => (previous[row] < 0 ? -1 : place[previous[row]])),
    isAsked: Uint8Array.from(rows, (row) => (kind[row] === 2 ? 1 : 0)),
  };
}
