/** An answer with its parsed body. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
  ms: number;
}

/** One request with a time limit; a body makes it a POST of JSON. */
export async function ask(
  url: string,
  { body, timeoutMs = 10_000 }: { body?: unknown; timeoutMs?: number } = {},
): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
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
export async function askOk(
  url: string,
  options: { body?: unknown; timeoutMs?: number } = {},
): Promise<Answer> {
  const answer = await ask(url, options);
  if (answer.status === 200) return answer;
  const error = answer.body['error'] as { code?: string; message?: string } | undefined;
  throw new Error(
    `${new URL(url).pathname} answered ${answer.status}${error ? ` ${error.code}: ${error.message}` : ''}`,
  );
}
