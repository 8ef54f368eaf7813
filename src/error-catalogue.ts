/**
 * The error catalogue. Every error that a user can meet has a code here, with its exit code, what it means and
 * the usual next step. `docs/errors.md` is generated from this table; HTTP statuses are in `serving/error-status.ts`.
 */

export const EXIT = {
  DONE: 0,
  REJECTED: 1,
  USAGE: 2,
  UNDECIDED: 3,
  NOT_FOUND: 4,
  SKIPPED: 10,
  BAD_DATA: 65,
  FAULT: 70,
  IO: 74,
  BUSY: 75,
  VERSION: 78,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

interface CatalogueEntry {
  exit: number;
  meaning: string;
  next: string;
}

export const catalogue = {
  // usage and config
  USAGE: { exit: 2, meaning: 'The command line is not one that riskops knows.', next: 'riskops --help' },
  OPTION_INVALID: {
    exit: 2,
    meaning: 'An option has a value it cannot take.',
    next: 'riskops <command> --help',
  },
  CONFIG_INVALID: {
    exit: 2,
    meaning: 'riskops.config.* cannot be loaded, or has a key or a value it should not have.',
    next: 'riskops config',
  },
  ALREADY_EXISTS: {
    exit: 2,
    meaning: 'A file that would be written is there already.',
    next: 'riskops config',
  },
  // data
  DATA_FILE_NOT_FOUND: {
    exit: 4,
    meaning: 'The data file is not there.',
    next: 'riskops train --data FILE --target COLUMN',
  },
  DATA_UNREADABLE: {
    exit: 65,
    meaning: 'The data cannot be read: it is not what its name says, or has nothing to learn from.',
    next: 'riskops train --data FILE --target COLUMN',
  },
  DATA_SOURCE_UNREACHABLE: {
    exit: 74,
    meaning: 'The database that holds the data cannot be reached, or lets nobody in.',
    next: 'check the host and the user; the password comes from PGPASSWORD or the pgpass file',
  },
  DATA_CHANGED: {
    exit: 65,
    meaning: 'The data file is not byte for byte what the run learned from.',
    next: 'riskops reproduce RUN --data FILE',
  },
  DATA_ROW_INVALID: {
    exit: 65,
    meaning: 'A row of the data does not fit the schema.',
    next: 'mend the row, or set its type in the schema',
  },
  COLUMN_NOT_FOUND: {
    exit: 2,
    meaning: 'A column was named that the data does not have.',
    next: 'riskops train --target COLUMN',
  },
  TARGET_INVALID: {
    exit: 65,
    meaning: 'The target column cannot be learned from.',
    next: 'riskops train --target COLUMN',
  },
  SCHEMA_INVALID: {
    exit: 2,
    meaning: 'A schema has a key or a value it should not have.',
    next: 'mend the named key of the schema',
  },
  RESHAPE_INVALID: {
    exit: 2,
    meaning: 'A reshape rule has a key or a value it should not have, or does not fit the data.',
    next: 'mend the reshape rule in riskops.config.*',
  },
  LABEL_INVALID: {
    exit: 2,
    meaning: 'A label rule has a key or a value it should not have, or does not fit the data.',
    next: 'mend the label rule in riskops.config.*',
  },
  FEATURES_INVALID: {
    exit: 65,
    meaning: 'The columns that are left cannot be learned from.',
    next: 'riskops train --target COLUMN',
  },
  LEAK_FOUND: {
    exit: 65,
    meaning: 'The held-out rows could not judge a model: they, or the target, are known to it already.',
    next: 'the command that the error names; --allow GUARD where it is right as it is',
  },
  DATA_NOT_SUFFICIENT: {
    exit: 10,
    meaning: 'There are too few rows for what was asked; nothing was trained.',
    next: 'more rows, or riskops train --learner ridge',
  },
  SPLIT_INVALID: {
    exit: 2,
    meaning: 'The split rule is unknown, or leaves a part without rows.',
    next: 'another --split, or more rows: random:0.2, every:5:4, time:COLUMN:0.2, group:COLUMN:0.2, file:PATH',
  },
  // models
  LEARNER_UNKNOWN: { exit: 2, meaning: 'No learner has this name.', next: 'riskops learners' },
  LEARNER_OPTION_INVALID: {
    exit: 2,
    meaning: 'A hyper-parameter is unknown or out of range.',
    next: 'riskops learners NAME, which lists its options',
  },
  TRAINING_FAILED: { exit: 70, meaning: 'The learner could not be fitted.', next: 'riskops runs show RUN' },
  MODEL_FILE_INVALID: {
    exit: 65,
    meaning: 'A model file is damaged, or is not one.',
    next: 'riskops rollback',
  },
  MODEL_FILE_NOT_FOUND: {
    exit: 4,
    meaning: 'A model file is not there.',
    next: 'riskops rollback',
  },
  EXPORT_UNSUPPORTED: {
    exit: 2,
    meaning: 'A version has something that the other format has no words for.',
    next: 'riskops models export --help',
  },
  EXPLANATION_UNAVAILABLE: {
    exit: 2,
    meaning: 'The learner of a version cannot say what its answers are made of.',
    next: 'riskops importance',
  },
  INPUT_INVALID: {
    exit: 65,
    meaning: "Rows to predict do not fit the model's signature.",
    next: 'riskops models show --version N, which lists the columns',
  },
  // store
  STORE_NOT_FOUND: { exit: 4, meaning: 'There is no riskops store here yet.', next: 'riskops init' },
  STORE_FOREIGN: {
    exit: 65,
    meaning: 'The database is that of another store than the models and runs beside it.',
    next: 'riskops doctor',
  },
  STORE_DAMAGED: { exit: 65, meaning: 'The database is damaged, or is not one.', next: 'riskops doctor' },
  DATABASE_MODULE_UNUSABLE: {
    exit: 78,
    meaning: 'The database module is not built, or is built for another Node.',
    next: 'npm rebuild better-sqlite3',
  },
  STORE_BUSY: {
    exit: 75,
    meaning: 'Another process held the database for too long.',
    next: 'the same command again',
  },
  STORE_VERSION: {
    exit: 78,
    meaning: 'The store was written by a newer riskops, or by an older one and not migrated yet.',
    next: 'npm install riskops@latest',
  },
  STORE_IN_USE: {
    exit: 75,
    meaning: 'Another process has the database open that would be replaced.',
    next: 'end riskops serve and what else uses the store, then the same command again',
  },
  STORE_WOULD_LOSE: {
    exit: 2,
    meaning: 'The store holds more than the backup that would take its place.',
    next: 'the same command with --force, which keeps the present store aside',
  },
  BACKUP_NOT_FOUND: { exit: 4, meaning: 'The backup is not there.', next: 'riskops where' },
  ARCHIVE_INVALID: {
    exit: 65,
    meaning: 'The archive is damaged, is not one of riskops, or was made to do harm.',
    next: 'riskops export, for a new one',
  },
  ARCHIVE_TOO_LARGE: {
    exit: 65,
    meaning: 'The archive is larger than the limit, or grows more than the limit when unpacked.',
    next: 'riskops import --help',
  },
  IMPORT_INVALID: {
    exit: 65,
    meaning: 'The model file of another program is damaged, or has something that riskops does not run.',
    next: 'riskops models import --help',
  },
  PARITY_FAILED: {
    exit: 65,
    meaning: 'An imported model does not give the answers of the program that made it.',
    next: 'riskops models import --help',
  },
  IMPORT_CONFLICT: {
    exit: 65,
    meaning: 'The archive has something that the store has with other content.',
    next: 'riskops runs show RUN',
  },
  STORE_IO: { exit: 74, meaning: 'The disk refused a read or a write.', next: 'riskops doctor' },
  // runs
  RUN_NOT_FOUND: { exit: 4, meaning: 'No run has this id.', next: 'riskops runs list' },
  RUN_AMBIGUOUS: { exit: 2, meaning: 'More than one run id begins like this.', next: 'riskops runs list' },
  RUN_ENDED: {
    exit: 2,
    meaning: 'The run has ended, and nothing more can be written to it.',
    next: 'riskops runs start --resume RUN',
  },
  RUN_IS_RUNNING: {
    exit: 75,
    meaning: 'The run lives in another process, and cannot be taken over.',
    next: 'riskops runs show RUN',
  },
  RUN_NOT_REPRODUCIBLE: {
    exit: 2,
    meaning: 'The run is no finished training, or lacks what it takes to train again.',
    next: 'riskops runs show RUN',
  },
  VALUE_TOO_LONG: {
    exit: 2,
    meaning: 'A parameter, tag or note is over its limit.',
    next: 'log it as an artifact',
  },
  RUN_FILTER_INVALID: {
    exit: 2,
    meaning:
      'A filter, an order or a list of columns cannot be read; `details.position` is the character, from 1.',
    next: 'riskops runs list --help',
  },
  RUN_CURSOR_INVALID: {
    exit: 2,
    meaning: 'What was given to go on after is not the mark of a page in this order.',
    next: 'the `next_after` of the page before, with the same order',
  },
  QUERY_INVALID: {
    exit: 2,
    meaning: 'It is not one SQL statement that reads the store, or SQLite refused it.',
    next: 'riskops query --help',
  },
  QUERY_STOPPED: {
    exit: 75,
    meaning: 'A query was ended before it was done: it took too long or too much memory.',
    next: 'a narrower query, or a larger --timeout-ms',
  },
  RUN_VALUE_INVALID: {
    exit: 2,
    meaning: 'A parameter, metric, tag or kind has a name or a value that cannot be kept.',
    next: 'riskops runs --help',
  },
  ARTIFACT_NOT_FOUND: {
    exit: 4,
    meaning: 'A file on record is not in the artifacts folder.',
    next: 'riskops doctor',
  },
  ARTIFACT_KEY_INVALID: {
    exit: 2,
    meaning: "A file's key is not a plain relative path, or it leaves the artifacts folder.",
    next: 'a path such as plots/roc.svg',
  },
  ARTIFACT_REFUSED: {
    exit: 65,
    meaning: 'What would be kept is a link, a folder or a device.',
    next: 'a plain file',
  },
  ARTIFACT_DAMAGED: {
    exit: 65,
    meaning: 'A file that is kept is not byte for byte what was put on record.',
    next: 'riskops doctor',
  },
  ARTIFACT_IMMUTABLE: {
    exit: 2,
    meaning: 'A file that a version stands on would be replaced or removed.',
    next: 'another path',
  },
  RUN_IN_USE: {
    exit: 2,
    meaning: 'The run cannot be deleted: it goes on, is protected, or made a version that is or was in use.',
    next: 'riskops runs show RUN',
  },
  // predictions
  PREDICTION_NOT_FOUND: {
    exit: 4,
    meaning: 'The log has no prediction with this id.',
    next: 'riskops trace PREDICTION_ID, with the prediction_id of an answer',
  },
  // alerts
  ALERTS_NOT_CONFIGURED: {
    exit: 4,
    meaning: 'The config has no alerts.',
    next: 'add "alerts" to riskops.config, as docs/guides/alerts.md shows',
  },
  CHANNEL_NOT_FOUND: {
    exit: 4,
    meaning: 'The alerts of the config have no such channel.',
    next: 'riskops alerts test CHANNEL, with a name of "channels" in riskops.config',
  },
  // registry
  MODEL_NOT_FOUND: { exit: 4, meaning: 'No model has this name.', next: 'riskops models list' },
  MODEL_AMBIGUOUS: {
    exit: 2,
    meaning: 'There are several models, and none was chosen.',
    next: 'riskops models list',
  },
  VERSION_NOT_FOUND: { exit: 4, meaning: 'The model has no such version.', next: 'riskops models show' },
  VERSION_IN_USE: {
    exit: 2,
    meaning:
      'The version cannot be deleted: it is or was current, was approved, has an alias or is protected.',
    next: 'riskops models show',
  },
  NO_CANDIDATE: { exit: 4, meaning: 'There is no candidate to judge or to promote.', next: 'riskops train' },
  NO_CURRENT_MODEL: { exit: 4, meaning: 'No model is promoted yet.', next: 'riskops promote --latest' },
  NOTHING_TO_ROLL_BACK: { exit: 4, meaning: 'No earlier version was ever current.', next: 'riskops history' },
  GATE_REJECTED: { exit: 1, meaning: 'The gate rejected the candidate.', next: 'riskops gate' },
  GATE_UNDECIDED: { exit: 3, meaning: 'The evidence is not enough to decide.', next: 'riskops gate' },
  APPROVAL_MISSING: {
    exit: 1,
    meaning: 'The policy asks for approvals by other people, and not enough have approved of this version.',
    next: 'riskops approve --version N --reason "..."',
  },
  CURRENT_CHANGED: {
    exit: 75,
    meaning: 'The current model changed while the candidate was judged.',
    next: 'the same command again',
  },
  POLICY_INVALID: {
    exit: 2,
    meaning: 'The policy has a key or a value it should not have.',
    next: 'mend the policy in riskops.config.*',
  },
  HOLDOUT_UNAVAILABLE: {
    exit: 65,
    meaning: 'The rows that the candidate was held out on cannot be read again as they were.',
    next: 'riskops train',
  },
  POINTER_INVALID: {
    exit: 65,
    meaning: 'current.json is damaged, or is not a plain file.',
    next: 'riskops doctor',
  },
  // serving
  CURRENT_MODEL_LOAD_FAILED: {
    exit: 65,
    meaning: 'The current model cannot be loaded.',
    next: 'riskops doctor',
  },
  FEATURE_SIZE_MISMATCH: {
    exit: 65,
    meaning: 'The features array has the wrong length.',
    next: 'riskops models show',
  },
  CHECKS_INVALID: {
    exit: 2,
    meaning:
      'A check or a lookup of the config is none: what is wrong with it, and where it stands, is said.',
    next: 'mend "checks" or "lookups" of the model in riskops.config',
  },
  LOOKUP_UNAVAILABLE: {
    exit: 74,
    meaning: 'Features that the config looks up by a key could not be had in time.',
    next: 'the same request again; the server tells its operator what is wrong with the source',
  },
  VALIDATION_ERROR: { exit: 65, meaning: 'The request does not fit the schema.', next: 'GET /openapi.json' },
  ROUTE_NOT_FOUND: { exit: 4, meaning: 'The server has no such route.', next: 'GET /openapi.json' },
  BODY_TOO_LARGE: { exit: 65, meaning: 'The request body is over the limit.', next: 'riskops serve --help' },
  BODY_INVALID: {
    exit: 65,
    meaning: 'The request body is not the JSON it should be.',
    next: 'GET /openapi.json',
  },
  REQUEST_TIMEOUT: {
    exit: 75,
    meaning: 'The request took longer than the limit.',
    next: 'the same request with fewer rows',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    exit: 65,
    meaning: 'The request body is not sent as plain JSON.',
    next: 'Content-Type: application/json',
  },
  REQUEST_INVALID: {
    exit: 65,
    meaning: 'The request is not HTTP that the server can read.',
    next: 'GET /openapi.json',
  },
  TOO_MANY_ROWS: {
    exit: 65,
    meaning: 'The request has more rows than the limit.',
    next: 'the rows in several requests',
  },
  SERVER_BUSY: {
    exit: 75,
    meaning: 'The server has too much to do at the moment.',
    next: 'the same request again, after a second',
  },
  HOST_NOT_ALLOWED: {
    exit: 2,
    meaning: 'The request names a host that is not this machine.',
    next: 'http://127.0.0.1:PORT',
  },
  HOST_REFUSED: {
    exit: 2,
    meaning: 'The server was asked to listen beyond this machine, and would ask nobody for a token.',
    next: 'riskops token create --name NAME --role viewer',
  },
  UNAUTHENTICATED: {
    exit: 2,
    meaning: 'The server asks for a token, and none that is good was sent.',
    next: 'Authorization: Bearer TOKEN',
  },
  FORBIDDEN: {
    exit: 2,
    meaning: 'The token is good, and its role is not enough.',
    next: 'riskops token list',
  },
  RATE_LIMITED: {
    exit: 75,
    meaning: 'Too many requests of one kind came from one place.',
    next: 'the same request, after the seconds of Retry-After',
  },
  KEYS_UNAVAILABLE: {
    exit: 74,
    meaning: 'The keys that JWTs are checked with cannot be read.',
    next: 'riskops config, and look at auth.jwks',
  },
  TOKEN_EXISTS: { exit: 2, meaning: 'A token has this name already.', next: 'riskops token list' },
  TOKEN_NOT_FOUND: { exit: 4, meaning: 'No token has this name.', next: 'riskops token list' },
  PORT_IN_USE: { exit: 74, meaning: 'Another program listens on this port.', next: 'riskops serve --port 0' },
  SERVER_UNREACHABLE: { exit: 74, meaning: 'No server answered.', next: 'riskops serve' },
  CHECK_TIMED_OUT: {
    exit: 75,
    meaning: 'The checks took longer than their limit.',
    next: 'riskops ci --quick --limit 300',
  },
  PROGRAM_NOT_FOUND: {
    exit: 70,
    meaning: 'A program that is needed cannot be started.',
    next: 'install it, or add its folder to PATH',
  },
  GIT_REPOSITORY_NOT_FOUND: {
    exit: 4,
    meaning: 'The folder is in no git repository with a work tree.',
    next: 'git init',
  },
  HOOK_REFUSED: {
    exit: 2,
    meaning: 'A git hook stands where riskops may neither move nor remove it.',
    next: 'riskops hooks status',
  },
  CHECK_FAILED: { exit: 1, meaning: 'A check failed.', next: 'riskops doctor' },
  INTERNAL_ERROR: {
    exit: 70,
    meaning: 'A fault in riskops itself.',
    next: 'the same command with RISKOPS_DEBUG=1',
  },
} satisfies Record<string, CatalogueEntry>;
