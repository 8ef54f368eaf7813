const DELIMITERS = [',', ';', '\t', '|'];

/** The fields of a record, without their quotes; null when its quotes do not fit. */
export function csvFields(record: string, delimiter: string): string[] | null {
  if (!record.includes('"')) return record.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = '';
    if (record[at] === '"') {
      for (let from = at + 1; ; ) {
        const end = record.indexOf('"', from);
        if (end < 0) return null;
        field += record.slice(from, end);
        at = end + 1;
        if (record[at] !== '"') break;
        field += '"';
        from = at + 1;
      }
      if (at < record.length && record[at] !== delimiter) return null;
    } else {
      const end = record.indexOf(delimiter, at);
      field = record.slice(at, end < 0 ? undefined : end);
      at = end < 0 ? record.length : end;
    }
    fields.push(field);
    if (at >= record.length) return fields;
    at++;
  }
}

/** The header's names by the delimiter that gives the most of the wanted ones. */
export function csvHeader(
  record: string,
  wanted: ReadonlySet<string>,
): { delimiter: string; names: string[] } {
  const readings = DELIMITERS.map((delimiter) => {
    const names = (csvFields(record, delimiter) ?? []).map((name) => name.trim());
    return { delimiter, names, known: names.filter((name) => wanted.has(name)).length };
  });
  return readings.reduce((best, reading) => (reading.known > best.known ? reading : best));
}
