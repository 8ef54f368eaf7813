/** What a row is looked up by. */
export type Key = string | number;

/** A row that was found: its values by column. */
export type Found = Readonly<Record<string, unknown>>;

/** A database that is asked for rows by their keys. */
export interface LookupSource {
  /**
   * The first row of each key, in their order; null where there is none.
   * @throws SourceError
   */
  fetch(keys: readonly Key[]): Promise<(Found | null)[]>;
  close(): Promise<void>;
}

/** Why a source gave nothing. Its text is for who runs the server, and for nobody else. */
export class SourceError extends Error {
  /** @param isQuery the query itself cannot be run: it will not get better by itself */
  constructor(
    message: string,
    readonly isQuery: boolean,
  ) {
    super(message);
    this.name = 'SourceError';
  }
}

/** Refuses a result that lacks a column. */
export function checkColumns(found: readonly string[], wanted: Iterable<string>): void {
  for (const name of wanted)
    if (!found.includes(name))
      throw new SourceError(`the query gives no column "${name}"; it gives ${found.join(', ')}`, true);
}
