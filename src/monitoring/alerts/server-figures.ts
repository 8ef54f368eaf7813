/** Requests per upper bound of their time in seconds, cumulative, ascending; the last bound is infinite. */
export type Buckets = [bound: number, count: number][];

/** What a server has counted since it started, without requests of probes. */
export interface ServerCounts {
  /** Milliseconds since 1970. */
  at: number;
  requests: number;
  /** Of them answered with 5xx. */
  errors: number;
  buckets: Buckets;
}

/** The same of a stretch of time. */
export interface WindowFigures extends Omit<ServerCounts, 'at'> {
  spanMs: number;
}

export interface ServerFigures {
  /** Which server it is: `127.0.0.1:8000`. */
  name: string;
  /** By the length of the window that a rule asks for, in milliseconds; a window without figures is not there. */
  windows: Record<number, WindowFigures>;
}

/** Those who ask whether the server lives are no traffic, and `not ready` is their answer and no error. */
const PROBE = /(^|\/)(health|ready|ping|metrics|version|openapi\.json)(\/|$)/;
const SAMPLE = /^(riskops_http_requests_total|riskops_http_request_seconds_bucket)\{(.*)\} (\S+)/;

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
  );
}

/** Reads what `/metrics` says, in the text format of Prometheus. */
export function readCounts(metrics: string, at: number): ServerCounts {
  let requests = 0;
  let errors = 0;
  const byBound = new Map<number, number>();
  for (const line of metrics.split('\n')) {
    const [, name, labelText, value] = SAMPLE.exec(line) ?? [];
    if (name === undefined) continue;
    const { route = '', status = '', le } = labelsOf(labelText);
    if (PROBE.test(route)) continue;
    const count = Number(value);
    if (le !== undefined) {
      const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
      byBound.set(bound, (byBound.get(bound) ?? 0) + count);
    } else {
      requests += count;
      if (status.startsWith('5')) errors += count;
    }
  }
  return { at, requests, errors, buckets: [...byBound].sort(([a], [b]) => a - b) };
}

/** What was counted between two looks; a counter that went back was begun anew, as by a worker that was replaced. */
function between(before: ServerCounts, after: ServerCounts): WindowFigures {
  const grown = (now: number, then: number) => (now >= then ? now - then : now);
  const counted = new Map(before.buckets);
  return {
    spanMs: after.at - before.at,
    requests: grown(after.requests, before.requests),
    errors: grown(after.errors, before.errors),
    buckets: after.buckets.map(([bound, count]) => [bound, grown(count, counted.get(bound) ?? 0)]),
  };
}

/** The looks of a server at its own counts, as far back as the longest window reaches. */
export class CountHistory {
  readonly #looks: ServerCounts[] = [];

  /** @param longestMs the longest window that is asked for */
  constructor(private readonly longestMs: number) {}

  add(counts: ServerCounts): void {
    this.#looks.push(counts);
    // One look older than the window stays: the window begins there.
    while (this.#looks.length > 1 && counts.at - this.#looks[1].at >= this.longestMs) this.#looks.shift();
  }

  /** The figures of the window that ended with the last look; undefined before the second. */
  over(spanMs: number): WindowFigures | undefined {
    const last = this.#looks.at(-1);
    const first =
      this.#looks.findLast(({ at }) => last !== undefined && last.at - at >= spanMs) ?? this.#looks[0];
    return last === undefined || first === last ? undefined : between(first, last);
  }
}

/**
 * A quantile out of cumulative buckets, by linear interpolation within the bucket that holds it, as Prometheus's histogram_quantile
 * does. Beyond the last bound nothing more is known than that it is at least that.
 */
export function bucketQuantile(buckets: Buckets, quantile: number): { seconds: number; isAtLeast: boolean } {
  const total = buckets.at(-1)?.[1] ?? 0;
  const rank = quantile * total;
  let [low, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= rank && count > below) {
      if (bound === Number.POSITIVE_INFINITY) return { seconds: low, isAtLeast: true };
      return { seconds: low + ((bound - low) * (rank - below)) / (count - below), isAtLeast: false };
    }
    [low, below] = [bound, count];
  }
  return { seconds: low, isAtLeast: false };
}
