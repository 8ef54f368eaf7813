import { readFileSync } from 'node:fs';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { isLoopback } from '../host-check.js';
import { isSameStamp, stampOf } from '../pointer-watch.js';

type Jose = typeof import('jose');

const FETCH_MS = 5_000;
const MOST_BYTES = 1024 * 1024;

/**
 * The keys of a JWKS file or URL. A key that is not known yet is looked for again: in the file when it changed, at the URL at most
 * every `cooldownMs`. Redirects are not followed.
 * @throws RiskopsError OPTION_INVALID: the URL is not https (http is for loopback), the file is no JWKS
 */
export function openJwks(jose: Jose, source: string, cooldownMs = 10_000): JWTVerifyGetKey {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) return fileKeys(jose, source);
  return jose.createRemoteJWKSet(checkUrl(source), {
    timeoutDuration: FETCH_MS,
    cooldownDuration: cooldownMs,
    [jose.customFetch]: async (url, options) => boundedAnswer(await fetch(url, options)),
  });
}

function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (url !== undefined && isSafe && url.username === '' && url.password === '') return url;
  throw refused(text, 'A URL must be https, without a name or a password in it; http is for loopback alone.');
}

/** What the other side sends is not believed to be small. */
async function boundedAnswer(answer: Response): Promise<Response> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error('the JWKS is over 1 MiB');
    parts.push(part);
  }
  // Of a redirect there is no answer to be made; its status is all that counts.
  return new Response(Buffer.concat(parts), { status: answer.status === 200 ? 200 : 502 });
}

function fileKeys(jose: Jose, path: string): JWTVerifyGetKey {
  let stamp = stampOf(path);
  let keys = readKeys(jose, path);
  const follow = () => {
    try {
      const found = stampOf(path);
      if (isSameStamp(found, stamp)) return;
      keys = readKeys(jose, path);
      stamp = found;
    } catch {
      // What was read last holds, until the file can be read again.
    }
  };
  return (header, token) => {
    follow();
    return keys(header, token);
  };
}

function readKeys(jose: Jose, path: string): JWTVerifyGetKey {
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as JSONWebKeySet;
    if (!Array.isArray(found.keys) || found.keys.length === 0) throw new Error('it has no keys');
    return jose.createLocalJWKSet(found);
  } catch (error) {
    throw refused(path, printable((error as Error).message));
  }
}

function refused(source: string, why: string): RiskopsError {
  return new RiskopsError('OPTION_INVALID', {
    what: `auth.jwks cannot be used: ${printable(source)}.`,
    why,
    fix: 'riskops config --origin, and mend auth.jwks',
  });
}
