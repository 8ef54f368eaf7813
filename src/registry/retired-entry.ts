import { toCanonicalJson } from '../util/json.js';
import { canonicalName } from './models.js';

/** Why a model that was served is served no more: for those who ask for it. */
export interface RetiredEntry {
  /** The version that was current last. */
  version: number;
  actor: string;
  /** At most 200 characters; the history has it whole. */
  reason: string;
  retired_at: string;
  promotion_id: string;
}

/** By model; without a prototype, so any name can be looked up in it. */
export type Retired = Record<string, RetiredEntry>;

export const PROMOTION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const TIME = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** An entry's own fields in their order. */
export function plainRetired({
  version,
  actor,
  reason,
  retired_at,
  promotion_id,
}: RetiredEntry): RetiredEntry {
  return { version, actor, reason, retired_at, promotion_id };
}

function isRetiredEntry(name: string, entry: unknown): entry is RetiredEntry {
  const { version, actor, reason, retired_at, promotion_id } = (entry ?? {}) as Record<string, unknown>;
  return (
    canonicalName(name) === name &&
    Number.isSafeInteger(version) &&
    [actor, reason].every((text) => typeof text === 'string') &&
    typeof retired_at === 'string' &&
    TIME.test(retired_at) &&
    typeof promotion_id === 'string' &&
    PROMOTION_ID.test(promotion_id)
  );
}

/** What stands here is only told, never served: an odd entry is left out and does not stop a server. */
export function parseRetired(found: unknown): { retired?: Retired } {
  if (typeof found !== 'object' || found === null) return {};
  const retired: Retired = Object.create(null);
  for (const [name, entry] of Object.entries(found))
    if (isRetiredEntry(name, entry)) retired[name] = plainRetired(entry);
  return Object.keys(retired).length === 0 ? {} : { retired };
}

/** Whether two pointers tell the same of what was retired. */
export function isSameRetired(a: Retired | undefined, b: Retired | undefined): boolean {
  return toCanonicalJson(a ?? {}) === toCanonicalJson(b ?? {});
}
