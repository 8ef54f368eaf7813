/** What a request to predict says besides its body. */
export interface QuickHead {
  /** As it came: path and query. */
  url: string;
  /** Of the body. */
  bytes: number;
  host: string;
  authorization: string | undefined;
  requestId: string | undefined;
}

/** A larger body does not come in one piece. */
const MOST_BYTES = 60_000;
const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i;
const LENGTH = /^\d{1,5}$/;

/** Headers that ask for more than a plain answer. */
const ELSEWHERE = new Set([
  ...['content-encoding', 'expect', 'origin', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  'access-control-request-method',
]);

/** Headers that count, and may stand once. */
const COUNTED = new Set(['authorization', 'content-length', 'content-type', 'host', 'x-request-id']);

/**
 * The head of a request that may be answered the short way; null for any other, which is no judgement on it.
 * @param headers names and values in turn, as Node's `rawHeaders`
 */
export function readHead(url: string, headers: readonly string[]): QuickHead | null {
  const found = new Map<string, string>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i].toLowerCase();
    if (ELSEWHERE.has(name)) return null;
    if (name === 'connection' && headers[i + 1].toLowerCase() !== 'keep-alive') return null;
    if (!COUNTED.has(name)) continue;
    if (found.has(name)) return null;
    found.set(name, headers[i + 1]);
  }
  const host = found.get('host');
  const length = found.get('content-length') ?? '';
  if (host === undefined || !LENGTH.test(length) || !JSON_TYPE.test(found.get('content-type') ?? ''))
    return null;
  const bytes = Number(length);
  if (bytes === 0 || bytes > MOST_BYTES) return null;
  return {
    url,
    bytes,
    host,
    authorization: found.get('authorization'),
    requestId: found.get('x-request-id'),
  };
}

const REQUEST_LINE = /^POST (\/[!-~]*) HTTP\/1\.1$/;
/** RFC 9112, 5: no space before the colon, no line that goes on in the next, no control characters. */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/** The same of a head as text, without the empty line at its end; null for what is not strictly well-formed, too. */
export function parseHead(text: string): QuickHead | null {
  const [first, ...lines] = text.split('\r\n');
  const url = REQUEST_LINE.exec(first)?.[1];
  if (url === undefined) return null;
  const headers: string[] = [];
  for (const line of lines) {
    const match = HEADER.exec(line);
    if (match === null) return null;
    headers.push(match[1], match[2]);
  }
  return readHead(url, headers);
}
