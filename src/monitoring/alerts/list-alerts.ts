import type { Store } from '../../storage/store.js';

/** An alert as it is on record. */
export interface ListedAlert {
  alert_id: string;
  /** `pending`: seen, and not yet for as long as its rule asks; nobody was told. */
  state: 'firing' | 'pending' | 'resolved';
  rule: string;
  kind: string;
  severity: string;
  model: string | null;
  subject: string;
  summary: string;
  details: unknown;
  first_at: string;
  last_at: string;
  times: number;
  fired_at: string | null;
  escalated_at: string | null;
  resolved_at: string | null;
}

/** A message of an alert, and how far it came. */
export interface ListedDelivery {
  delivery_id: string;
  alert_id: string;
  rule: string;
  subject: string;
  channel: string;
  event: string;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  created_at: string;
  tried_at: string | null;
  next_at: string | null;
  delivered_at: string | null;
  /** What the receiver, or the connection to it, said last. */
  answer: string | null;
}

/** Alerts, those that are not over first, then the newest. */
export async function listAlerts(
  store: Store,
  { open = false, limit = 50 }: { open?: boolean; limit?: number } = {},
): Promise<ListedAlert[]> {
  let query = store.db.selectFrom('alerts').selectAll();
  if (open) query = query.where('resolved_at', 'is', null);
  const rows = await query
    .orderBy((order) => order('resolved_at', 'is not', null))
    .orderBy('last_at', 'desc')
    .orderBy('alert_id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ details_json, sent_at: _, ...row }) => ({
    ...row,
    state: row.resolved_at !== null ? 'resolved' : row.fired_at !== null ? 'firing' : 'pending',
    details: JSON.parse(details_json),
  }));
}

/** The delivery log, newest first. */
export async function listDeliveries(
  store: Store,
  { state, limit = 50 }: { state?: ListedDelivery['state']; limit?: number } = {},
): Promise<ListedDelivery[]> {
  let query = store.db
    .selectFrom('alert_deliveries')
    .innerJoin('alerts', 'alerts.alert_id', 'alert_deliveries.alert_id')
    .select(['delivery_id', 'alert_deliveries.alert_id', 'rule', 'subject', 'channel', 'event', 'state'])
    .select(['attempts', 'created_at', 'tried_at', 'next_at', 'delivered_at', 'answer']);
  if (state !== undefined) query = query.where('state', '=', state);
  return query.orderBy('created_at', 'desc').orderBy('delivery_id', 'desc').limit(limit).execute();
}
