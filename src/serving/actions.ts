import { RiskopsError } from '../errors.js';
import type { TokenRecord } from '../registry/tokens.js';

/** Which version is to be promoted: exactly one of the three. */
export interface VersionChoice {
  version?: number | string;
  run_id?: string;
  latest?: true;
}

/** What somebody asks for by HTTP, and who that is. */
interface By {
  actor: string;
  reason?: string;
}

/**
 * What the server itself may not do: rooms above it hand it in. Each runs off the event loop, and only one at a time.
 * Every one throws the RiskopsError that its command would print; SERVER_BUSY while another one runs.
 */
export interface ServerActions {
  /** Judges the version by the gate, and promotes it when the verdict is to. @throws GATE_REJECTED, GATE_UNDECIDED */
  promote?(asked: By & { model: string; choice: VersionChoice }): Promise<unknown>;
  rollback?(asked: By & { model: string }): Promise<unknown>;
  createToken?(asked: By & { name: string; role: string; expires?: string }): Promise<unknown>;
  revokeToken?(asked: By & { name: string }): Promise<TokenRecord>;
}

/** The action, where this server was handed it. @throws RiskopsError ROUTE_NOT_FOUND */
export function needAction<Name extends keyof ServerActions>(
  actions: ServerActions,
  name: Name,
): NonNullable<ServerActions[Name]> {
  const action = actions[name];
  if (action !== undefined) return action as NonNullable<ServerActions[Name]>;
  throw new RiskopsError('ROUTE_NOT_FOUND', {
    what: 'This server only predicts and reads: it was started without this action.',
    fix: 'riskops serve, which has it',
  });
}
