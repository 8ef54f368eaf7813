import { RiskopsClientError } from './client-error.js';

export interface TransportOptions {
  /** Where the server is, with its base path if it has one: `https://risk.example.org/api`. */
  url: string;
  /** Sent as a bearer token. */
  token?: string;
  /** How long a call may take with all its retries, in milliseconds; 10,000. */
  timeoutMs?: number;
  /** How often a call is made again that a busy server turned away (429 or 503 with Retry-After); 2. Outcomes are sent once. */
  retries?: number;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** What the server is to call the request in its log and its answer. */
  requestId?: string;
  /** Instead of the client's own. */
  timeoutMs?: number;
}

export interface Call extends CallOptions {
  method: 'GET' | 'POST';
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** Never sent twice. */
  once?: boolean;
  /** Statuses besides 2xx whose body is the answer. */
  also?: readonly number[];
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_RETRIES = 2;

/** JSON.stringify would write null, a missing value, for what JSON has no word for. */
function toBody(body: unknown): string {
  try {
    return JSON.stringify(body, (key, value: unknown) => {
      if (typeof value === 'number' && !Number.isFinite(value))
        throw new TypeError(`"${key}" is ${value}; a missing value is null`);
      return value;
    });
  } catch (cause) {
    const { message } = cause as Error;
    throw new RiskopsClientError({
      code: 'VALUE_INVALID',
      message: `The request cannot be written as JSON: ${message}`,
      status: null,
      cause,
    });
  }
}

function urlOf(base: string, { path, query = {} }: Call): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return `${base.replace(/\/+$/, '')}${path}${text === '' ? '' : `?${text}`}`;
}

/** How long the server asks to wait, in milliseconds: seconds, or a date. null when it does not say. */
function retryAfter(response: Response): number | null {
  const text = response.headers.get('retry-after');
  if (text === null) return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

interface Envelope {
  error?: { code?: unknown; message?: unknown; hint?: unknown; details?: unknown };
  request_id?: unknown;
}

/** The error of an answer: the server's own, or that something else answered. */
function errorOf(response: Response, text: string): RiskopsClientError {
  const { status } = response;
  let body: Envelope | null = null;
  try {
    body = JSON.parse(text) as Envelope | null;
  } catch {
    // no JSON: told below
  }
  const { code, message, hint, details } = body?.error ?? {};
  const requestId = response.headers.get('x-request-id');
  if (typeof code !== 'string' || typeof message !== 'string') {
    const what = `The answer with status ${status} is not one of a riskops server.`;
    return new RiskopsClientError({ code: 'ANSWER_INVALID', message: what, status, requestId });
  }
  const known = typeof hint === 'string' ? hint : undefined;
  return new RiskopsClientError({ code, message, status, hint: known, details, requestId });
}

/** Sends calls and reads answers; nothing of it needs more than `fetch`. */
export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** @throws RiskopsClientError; the signal's reason when the caller gave up */
  async send<T>(call: Call): Promise<T> {
    const { timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal } = call;
    signal?.throwIfAborted();
    const control = new AbortController();
    const giveUp = () => control.abort(signal?.reason);
    signal?.addEventListener('abort', giveUp, { once: true });
    const overdue = new RiskopsClientError({
      code: 'CLIENT_TIMEOUT',
      message: `The server did not answer within ${timeoutMs} ms.`,
      status: null,
    });
    const timer = setTimeout(() => control.abort(overdue), timeoutMs);
    try {
      return (await this.#tryAgain(call, control.signal)) as T;
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (control.signal.aborted) throw overdue;
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async #tryAgain(call: Call, signal: AbortSignal): Promise<unknown> {
    const body = call.body === undefined ? undefined : toBody(call.body);
    const retries = call.once === true ? 0 : (this.#options.retries ?? DEFAULT_RETRIES);
    for (let left = retries; ; left--) {
      const response = await this.#fetch(call, body, signal);
      const text = await this.#read(response);
      if (response.ok || call.also?.includes(response.status)) return this.#parse(response, text);
      const wait = response.status === 429 || response.status === 503 ? retryAfter(response) : null;
      if (wait === null || left <= 0) throw errorOf(response, text);
      await sleep(wait, signal);
    }
  }

  async #fetch(call: Call, body: string | undefined, signal: AbortSignal): Promise<Response> {
    const { token, url, fetch: ask = globalThis.fetch } = this.#options;
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (call.requestId !== undefined) headers['x-request-id'] = call.requestId;
    const { method } = call;
    try {
      return await ask(urlOf(url, call), {
        method,
        headers,
        signal,
        ...(body === undefined ? {} : { body }),
        // A token is for this server alone.
        redirect: 'error',
      });
    } catch (cause) {
      throw lost(cause);
    }
  }

  async #read(response: Response): Promise<string> {
    try {
      return await response.text();
    } catch (cause) {
      throw lost(cause);
    }
  }

  #parse(response: Response, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw errorOf(response, text);
    }
  }
}

function lost(cause: unknown): RiskopsClientError {
  const { message } = cause as Error;
  return new RiskopsClientError({
    code: 'CONNECTION_FAILED',
    message: `The server cannot be reached: ${message}`,
    status: null,
    cause,
  });
}
