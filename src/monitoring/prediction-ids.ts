/** Ids of predictions are version 7 UUIDs: their first 48 bits are the time in milliseconds. */

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** 2^16 milliseconds: ids of one slot begin with the same eight digits. */
const SLOT_MS = 65_536;

/** How far a reader looks beyond the slots it asks for; a segment from before there were slots may be longer than one. */
const MARGIN_MS = 10 * SLOT_MS;

/** Whether a text, in small letters, is the id of a prediction. */
export const isPredictionId = (text: string): boolean => ID.test(text);

/** The smallest id of a millisecond since 1970, UTC. */
export function firstIdOf(milliseconds: number): string {
  const hex = Math.max(0, milliseconds).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** The time of an id in milliseconds since 1970, UTC. */
export const timeOfId = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

/** The 65.536 seconds in which an id lies. No segment holds ids of two slots, so one that may hold an id is found near it. */
export const slotOf = (id: string): string => id.slice(0, 8);

/** The first ids of the segments that may hold this one are not before it. */
export const earliestSegmentOf = (id: string): string => firstIdOf(timeOfId(id) - MARGIN_MS);
