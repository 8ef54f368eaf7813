/** Guards look at no more rows than this: enough to see what is there, and quick on ten million. */
const MOST_ROWS = 50_000;

/** Some of the rows, spread evenly, in their order. */
export function sampleRows(rows: Int32Array, most = MOST_ROWS): Int32Array {
  if (rows.length <= most) return rows;
  return Int32Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]);
}
