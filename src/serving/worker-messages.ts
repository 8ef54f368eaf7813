/** What a worker of `--workers` says to the process that started it. */
export type FromWorker =
  | { kind: 'ready'; url: string; host: string; port: number }
  | { kind: 'news'; line: string }
  /** Asks for the figures of all workers. */
  | { kind: 'metrics'; id: number };

/** And what it is answered; `text` is null when not all workers answered in time. */
export type ToWorker = { kind: 'metrics'; id: number; text: string | null };
