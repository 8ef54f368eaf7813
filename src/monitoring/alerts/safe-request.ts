import { lookup as resolveName } from 'node:dns/promises';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { printable } from '../../util/text.js';
import { addressKind } from './public-address.js';

/** The addresses of a name. */
export type Resolve = (name: string) => Promise<string[]>;

/** Why nothing was sent: the address is not one that may be asked. Trying again changes nothing. */
export class UnsafeAddress extends Error {
  override name = 'UnsafeAddress';
}

export interface SafeRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** This machine and its network may be asked, and without TLS. */
  allowPrivate: boolean;
  /** Of the whole request. */
  timeoutMs: number;
  /** How names become addresses; the system's way. */
  resolve?: Resolve;
}

export interface SafeAnswer {
  status: number;
  headers: IncomingMessage['headers'];
  /** The beginning of the body, as printable text. */
  text: string;
}

/** What is read of an answer: it is shown to people and means nothing else. */
const ANSWER_BYTES = 2_048;
const ANSWER_CHARACTERS = 300;

const systemResolve: Resolve = async (name) =>
  (await resolveName(name, { all: true, verbatim: true })).map(({ address }) => address);

/**
 * The URL, when it is one that messages may be sent to as far as its text says. The parser has made `127.1`, `0x7f.1` and
 * `2130706433` into `127.0.0.1` by then, so what is checked is what is asked.
 * @throws UnsafeAddress
 */
export function checkUrl(text: string, allowPrivate: boolean): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UnsafeAddress('it is no URL');
  }
  const allowed = allowPrivate ? ['https:', 'http:'] : ['https:'];
  if (!allowed.includes(url.protocol))
    throw new UnsafeAddress(
      url.protocol === 'http:'
        ? 'it is http, and only https is asked unless "allowPrivate" is true'
        : `it is ${printable(url.protocol, 20)} and not https:`,
    );
  if (url.username !== '' || url.password !== '')
    throw new UnsafeAddress('it holds a user or a password; a secret belongs in a variable');
  const name = hostOf(url);
  if (name === '') throw new UnsafeAddress('it names no host');
  // This machine by definition (RFC 6761, 6.3), whatever a resolver makes of it.
  if (!allowPrivate && /(^|\.)localhost\.?$/.test(name))
    throw new UnsafeAddress(`${printable(name, 100)} is this machine, and "allowPrivate" is not true`);
  if (isIP(name) !== 0) checkAddresses(name, [name], allowPrivate);
  return url;
}

/** The host without the brackets that IPv6 has in a URL. */
const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '');

function checkAddresses(name: string, addresses: readonly string[], allowPrivate: boolean): void {
  if (addresses.length === 0) throw new Error(`${printable(name, 100)} has no address`);
  for (const address of addresses) {
    const kind = addressKind(address);
    if (kind === 'public' || (kind === 'own' && allowPrivate)) continue;
    const shown = address === name ? address : `${printable(name, 100)} is ${address}, which`;
    throw new UnsafeAddress(
      kind === 'own'
        ? `${shown} is in a private network, and "allowPrivate" is not true`
        : `${shown} is no address of a receiver`,
    );
  }
}

/** Answers a connection's question for addresses with those that were checked, whatever the name means by then. */
function pinned(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, options, callback) => {
    // Asked for one, Node hands on the first of a list as well.
    if (options.all === true) callback(null, found);
    else callback(null, found[0].address, found[0].family);
  };
}

/**
 * Posts to a URL that people wrote into a config: https to public addresses alone, unless `allowPrivate`. The name is resolved
 * once, every address it has is checked, and the connection goes to those; a redirect is an answer and is not followed.
 * @throws UnsafeAddress before anything is sent, or an Error when no whole answer came in time
 */
export async function postSafely(request: SafeRequest): Promise<SafeAnswer> {
  const url = checkUrl(request.url, request.allowPrivate);
  const until = AbortSignal.timeout(request.timeoutMs);
  const name = hostOf(url);
  const addresses =
    isIP(name) === 0 ? await beforeEnd((request.resolve ?? systemResolve)(name), until) : [name];
  checkAddresses(name, addresses, request.allowPrivate);
  return send(url, request, { lookup: pinned(addresses), signal: until });
}

/** The system resolves names in its own time, and cannot be told to stop. */
async function beforeEnd<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the name was not resolved in time')), {
      once: true,
    });
  });
  return Promise.race([work, ended]);
}

function send(
  url: URL,
  { headers, body, timeoutMs }: SafeRequest,
  options: Pick<RequestOptions, 'lookup' | 'signal'>,
): Promise<SafeAnswer> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    let answered = false;
    const fail = (error: Error) => {
      if (answered) return;
      reject(error.name === 'AbortError' ? new Error(`no answer within ${timeoutMs / 1000} s`) : error);
    };
    const content = Buffer.from(body, 'utf8');
    // No agent: a connection of its own, which no earlier request opened to another address.
    const asked = request(url, {
      ...options,
      agent: false,
      method: 'POST',
      headers: { ...headers, 'content-length': content.length },
    });
    asked.on('error', fail);
    asked.on('response', (answer) => {
      // The status says whether the message was taken: what comes after it cannot change that.
      answered = true;
      readStart(answer, (text) => {
        asked.destroy();
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
      });
    });
    asked.end(content);
  });
}

/** Reads as much as is shown, and no more: an answer may be without end. */
function readStart(answer: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const end = () => {
    const text = Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString('utf8').trim();
    done(printable(text, ANSWER_CHARACTERS));
  };
  answer.on('error', end);
  answer.on('end', end);
  answer.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= ANSWER_BYTES) answer.destroy();
  });
  answer.on('close', end);
}
