/** An answer with its parsed body. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
  ms: number;
}

export interface AskOptions {
  /** Makes it a POST of JSON. */
  body?: unknown;
  timeoutMs?: number;
  /** Sent as the Bearer. */
  token?: string;
}

/** One request with a time limit. */
export async function ask(
  url: string,
  { body, timeoutMs = 10_000, token }: AskOptions = {},
): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    // A token is for the server that was named, and for no other one.
    redirect: token === undefined ? 'follow' : 'error',
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('application/json') ?? false;
  return {
    status: response.status,
    body: isJson ? JSON.parse(text) : { text },
    ms: performance.now() - start,
  };
}

/** An answer that must be 200; the error names what the server said instead. */
export async function askOk(url: string, options: AskOptions = {}): Promise<Answer> {
  const answer = await ask(url, options);
  if (answer.status === 200) return answer;
  const error = answer.body['error'] as { code?: string; message?: string } | undefined;
  throw new Error(
    `${new URL(url).pathname} answered ${answer.status}${error ? ` ${error.code}: ${error.message}` : ''}`,
  );
}
