/** One step of the schema, from `version - 1` to `version`. A step that was released is never edited. */
export interface Migration {
  version: number;
  what: string;
  /** Statements for SQLite; they run in one transaction together with the new version number. */
  sqlite: string;
}
