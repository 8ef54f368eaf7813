import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createToken, TOKEN_ROLES, type TokenRole } from '../../../src/registry/tokens.js';
import type { Store } from '../../../src/storage/store.js';

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A token of each role, named as the role. */
export async function tokensOf(store: Store): Promise<Record<TokenRole, string>> {
  const made = {} as Record<TokenRole, string>;
  for (const role of TOKEN_ROLES)
    made[role] = (await createToken(store, { name: role, role, actor: 'min' })).token;
  return made;
}

export interface Sent {
  method?: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'PATCH' | 'OPTIONS' | 'HEAD';
  headers?: Record<string, string>;
  payload?: unknown;
}

/** The status and the code of the error, if it is one. */
export async function send(
  app: FastifyInstance,
  url: string,
  { method = 'GET', headers, payload }: Sent = {},
) {
  const answer = await app.inject({ method, url, headers, payload: payload as object | undefined });
  const isJson = String(answer.headers['content-type']).includes('json') && answer.body.trim() !== '';
  const body = isJson ? answer.json() : answer.body;
  return { status: answer.statusCode, code: body?.error?.code, body, headers: answer.headers };
}

/** The status of a request whose target is sent as it is written: no client mends it on the way. */
export function statusOfRaw(port: number, method: string, target: string, token?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.setEncoding('latin1').on('data', (part) => {
      heard += part;
    });
    socket.on('error', reject).on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(heard)?.[1])));
    const login = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
    socket.end(
      `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n${login}Connection: close\r\n\r\n`,
      'latin1',
    );
  });
}

/** Every route of the router as its method and a path; HEAD stands for itself. */
export function routesOf(app: FastifyInstance): { method: string; url: string }[] {
  const folders: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const match = /^([│├└─ ]*)(\S+)(?: \(([A-Z, ]+)\))?$/.exec(line);
      if (!match) return [];
      folders.splice(match[1].length / 4 - 1, Number.POSITIVE_INFINITY, match[2]);
      const url = folders.join('').replace(/:\w+/g, 'credit');
      return (match[3] ?? '')
        .split(', ')
        .filter((method) => method !== '')
        .map((method) => ({ method, url }));
    });
}
