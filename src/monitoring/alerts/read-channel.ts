import { isIP } from 'node:net';
import type { Channel } from './alerts-config.js';
import type { WrittenChannel } from './channel-shapes.js';
import { addressKind } from './public-address.js';
import { checkUrl } from './safe-request.js';

/** A password over a connection that everybody on the way can read; this machine has no way. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function urlOf(written: { url?: string; urlEnv?: string; allowPrivate: boolean }) {
  const { url, urlEnv, allowPrivate } = written;
  if ((url === undefined) === (urlEnv === undefined))
    throw new Error('needs exactly one of "url" and "urlEnv"');
  if (url !== undefined) {
    try {
      checkUrl(url, allowPrivate);
    } catch (error) {
      throw new Error(`.url cannot be used: ${(error as Error).message}`);
    }
  }
  return { url: url ?? null, urlEnv: urlEnv ?? null, allowPrivate };
}

function emailOf(written: Extract<WrittenChannel, { kind: 'email' }>) {
  const { host, user, passwordEnv, from, to } = written;
  const secure = written.secure ?? (written.port === 465 ? 'tls' : 'starttls');
  if ((user === undefined) !== (passwordEnv === undefined))
    throw new Error('needs both of "user" and "passwordEnv", or neither');
  if (user !== undefined && secure === 'none' && !isLoopback(host))
    throw new Error('would send its password over a connection that is not encrypted');
  if (isIP(host) !== 0 && addressKind(host) === 'never')
    throw new Error('.host is no address of a mail server');
  const port = written.port ?? { tls: 465, starttls: 587, none: 25 }[secure];
  return { host, port, secure, user: user ?? null, passwordEnv: passwordEnv ?? null, from, to };
}

/** A channel as it is used; an Error that ends the sentence which begins with its name. */
export function readChannel(name: string, written: WrittenChannel): Channel {
  const base = { name, timeoutMs: Math.round(written.timeoutSeconds * 1_000) };
  switch (written.kind) {
    case 'webhook':
      return { ...base, kind: written.kind, ...urlOf(written), secretEnv: written.secretEnv ?? null };
    case 'slack':
      return { ...base, kind: written.kind, ...urlOf(written) };
    case 'email':
      return { ...base, kind: written.kind, ...emailOf(written) };
    case 'command':
      return { ...base, kind: written.kind, command: written.command };
  }
}
