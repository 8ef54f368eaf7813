import { resolve } from 'node:path';
import type { Project } from '../config.js';
import type { AuthOptions } from '../serving/auth/open-guard.js';
import type { ServerOptions } from '../serving/server.js';
import { serveRoutes } from './serve-routes.js';
import { openRowRules } from './serve-row-rules.js';
import { trialVersions } from './serve-trials.js';

/** A project, and what a call says besides its config. */
interface Given {
  project: Project;
  flags: Record<string, unknown>;
}

/**
 * All that a project says of its server: the options in force, its checks and lookups, the versions that it tries out.
 * @param tell told, in one line, what an operator should see
 * @returns the options, and what closes the sources that were opened for them
 * @throws RiskopsError CHECKS_INVALID, OPTION_INVALID
 */
export async function openServerOptions(
  given: Given,
  tell: (line: string) => void,
): Promise<{ options: ServerOptions; close(): Promise<void> }> {
  const trials = await trialVersions(given, tell);
  const rules = await openRowRules(given.project, tell);
  const options: ServerOptions = {
    ...serveOptions(given),
    hooks: { prepare: rules.prepare },
    trials,
    beside: (model) => rules.beside(model),
    onNews: tell,
  };
  return { options, close: () => rules.close() };
}

/** The server's options in force for this call. */
export function serveOptions({ flags, project }: Given): ServerOptions {
  const number = (key: string) => project.get<number>(key, flags);
  return {
    places: project.places,
    host: project.get<string>('host', flags),
    port: number('port'),
    model: project.get<string | null>('model', flags),
    limits: {
      ...{ bodyBytes: number('bodyBytes'), rows: number('rows'), requestMs: number('requestMs') },
      connections: number('connections'),
    },
    log: {
      mode: project.get<'buffered' | 'sync' | 'off'>('log', flags),
      maxDelayMs: number('logMs'),
      maxRows: number('logRows'),
      redact: project.get<string[]>('redact'),
      keepDays: project.get<number | null>('keepDays'),
    },
    entity: (model) => project.get<string[]>('entity', {}, model),
    allowedHosts: project.get<string[]>('allowedHosts', flags),
    origins: project.get<string[]>('origins', flags),
    basePath: project.get<string | null>('basePath', flags),
    auth: { jwt: jwtOptions(project) },
    routes: serveRoutes(project.root),
  };
}

/** How JWTs are checked; null when no keys are configured. */
function jwtOptions(project: Project): AuthOptions['jwt'] {
  const jwks = project.get<string | null>('jwks');
  if (jwks === null) return null;
  return {
    // A path in the config or the environment begins at the project's folder.
    jwks: jwks.includes('://') ? jwks : resolve(project.root, jwks),
    audience: project.get<string | null>('jwtAudience') ?? '',
    issuer: project.get<string | null>('jwtIssuer'),
    roleClaim: project.get<string>('jwtRoleClaim'),
  };
}
