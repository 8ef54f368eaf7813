import type { Selectable, Transaction } from 'kysely';
import { v7 } from 'uuid';
import type { AlertsTable, Database } from '../../storage/database/schema.js';
import type { Store } from '../../storage/store.js';
import { toJson } from '../../util/json.js';
import type { Rule, Severity } from './alerts-config.js';
import type { AlertEvent, AlertMessage } from './message.js';
import type { Observation } from './rules/observation.js';
import { acrossVersions } from './version-change.js';

type AlertRow = Selectable<AlertsTable>;

/** What a rule's subject is in, after a look. */
export interface RuleState {
  rule: string;
  kind: Rule['kind'];
  severity: Severity;
  subject: string;
  /** `pending`: seen, and not for as long as the rule asks. `asleep`: not within the rule's hours. */
  state: 'firing' | 'pending' | 'fine' | 'unknown' | 'asleep';
  summary: string;
  details: Record<string, unknown>;
  /** What the channels are told now; null: nothing. */
  event: Exclude<AlertEvent, 'test'> | null;
}

const DAY_MS = 86_400_000;

/** Whether so much time has passed; a clock that was put back by more than a day has no say. */
function hasPassed(since: string, ms: number, now: Date): boolean {
  const elapsed = now.getTime() - Date.parse(since);
  return elapsed >= ms || elapsed < -DAY_MS;
}

/** One look at the alerts of a rule, within a transaction. */
class Recording {
  readonly at: string;

  constructor(
    private readonly transaction: Transaction<Database>,
    private readonly rule: Rule,
    private readonly now: Date,
  ) {
    this.at = now.toISOString();
  }

  /** The condition holds: a new alert, or one more time of it. `isOther`: another version is current than at the look before. */
  async breach(
    row: AlertRow | undefined,
    { model, subject, summary, details }: Observation,
    isOther: boolean,
  ): Promise<RuleState['event']> {
    const { rule, at } = this;
    const seen = { summary, details_json: toJson(details), last_at: at };
    if (row === undefined) {
      const made: AlertRow = {
        ...{ alert_id: v7(), rule: rule.name, kind: rule.kind, model, subject, severity: rule.severity },
        ...{ ...seen, first_at: at, times: 1, fired_at: null, sent_at: null },
        ...{ escalated_at: null, resolved_at: null },
      };
      await this.transaction.insertInto('alerts').values(made).execute();
      return this.goOn(made);
    }
    const again = { ...seen, model, severity: rule.severity, times: row.times + 1 };
    await this.change(row, again);
    const now = { ...row, ...again };
    // What was never told has nothing that changed for anybody.
    if (!isOther || row.fired_at === null) return this.goOn(now);
    await this.change(row, { sent_at: at });
    await this.tell(now, 'changed', this.toldSoFar(row));
    return (await this.goOn({ ...now, sent_at: at })) ?? 'changed';
  }

  /** The channels that know of an alert. */
  private toldSoFar({ escalated_at }: AlertRow): string[] {
    return [...this.rule.channels, ...(escalated_at === null ? [] : this.rule.escalateTo)];
  }

  /** The condition holds no longer. */
  async fine(row: AlertRow, { summary, details }: Observation): Promise<RuleState['event']> {
    if (row.fired_at === null) {
      // It was never told, so there is nothing to take back.
      await this.transaction.deleteFrom('alerts').where('alert_id', '=', row.alert_id).execute();
      return null;
    }
    const over = { resolved_at: this.at, summary, details_json: toJson(details) };
    await this.change(row, over);
    if (!this.rule.tellResolved) return null;
    await this.tell({ ...row, ...over }, 'resolved', this.toldSoFar(row));
    return 'resolved';
  }

  /** An open alert goes on: it fires when its time has come, is told again, or to more people. */
  async goOn(row: AlertRow): Promise<RuleState['event']> {
    const { rule, now, at } = this;
    if (row.fired_at === null) {
      if (!hasPassed(row.first_at, rule.for, now)) return null;
      await this.change(row, { fired_at: at, sent_at: at });
      await this.tell(row, 'firing', rule.channels);
      return 'firing';
    }
    const escalates = rule.escalateAfter !== null && hasPassed(row.fired_at, rule.escalateAfter, now);
    if (escalates && row.escalated_at === null) {
      await this.change(row, { escalated_at: at });
      await this.tell(row, 'escalated', rule.escalateTo);
      return 'escalated';
    }
    const repeats =
      rule.repeatAfter !== null && hasPassed(row.sent_at ?? row.fired_at, rule.repeatAfter, now);
    if (!repeats) return null;
    await this.change(row, { sent_at: at });
    await this.tell(row, 'repeated', rule.channels);
    return 'repeated';
  }

  private async change(row: AlertRow, values: Partial<AlertRow>): Promise<void> {
    await this.transaction.updateTable('alerts').set(values).where('alert_id', '=', row.alert_id).execute();
  }

  /** Puts a message for each channel beside the alert: both are on disk, or neither is. */
  private async tell(row: AlertRow, event: Exclude<AlertEvent, 'test'>, channels: string[]): Promise<void> {
    const { at } = this;
    for (const channel of new Set(channels)) {
      const message: AlertMessage = {
        ...{ delivery_id: v7(), alert_id: row.alert_id, event, channel },
        ...{ rule: row.rule, kind: row.kind, severity: this.rule.severity, model: row.model },
        ...{ subject: row.subject, summary: row.summary, details: JSON.parse(row.details_json) },
        ...{ first_at: row.first_at, at, times: row.times },
      };
      await this.transaction
        .insertInto('alert_deliveries')
        .values({
          ...{ delivery_id: message.delivery_id, alert_id: row.alert_id, channel, event },
          ...{ message_json: JSON.stringify(message), state: 'waiting', attempts: 0 },
          ...{ created_at: at, next_at: at, tried_at: null, delivered_at: null, answer: null },
          ...{ lease_id: null, lease_until: null },
        })
        .execute();
    }
  }
}

/**
 * Takes what a rule found into the store: alerts begin, go on and end, and the messages about it wait for delivery, in one
 * transaction. However many processes look at once, an alert begins and is told once.
 */
export function recordObservations(
  store: Store,
  rule: Rule,
  observations: readonly Observation[],
  now: Date,
): Promise<RuleState[]> {
  return store.write(async (transaction) => {
    const recording = new Recording(transaction, rule, now);
    const rows = await transaction
      .selectFrom('alerts')
      .selectAll()
      .where('rule', '=', rule.name)
      .where('resolved_at', 'is', null)
      .execute();
    const open = new Map(rows.map((row) => [row.subject, row]));
    const states: RuleState[] = [];
    const { name, kind, severity } = rule;
    const looked = new Set<string>();
    for (const observation of observations) {
      const { state, subject } = observation;
      // Two segments whose names are alike as far as they are kept: the first one, which is the larger, counts.
      if (looked.has(subject)) continue;
      looked.add(subject);
      const row = open.get(subject);
      const moved =
        row === undefined || state !== 'breach'
          ? undefined
          : acrossVersions(JSON.parse(row.details_json), observation);
      const seen = moved ?? observation;
      const base = { rule: name, kind, severity, subject, summary: seen.summary, details: seen.details };
      if (state === 'unknown') {
        states.push({ ...base, state, event: null });
        continue;
      }
      open.delete(subject);
      if (state === 'breach') {
        const event = await recording.breach(row, seen, moved !== undefined);
        const isFiring = event !== null || (row !== undefined && row.fired_at !== null);
        states.push({ ...base, state: isFiring ? 'firing' : 'pending', event });
      } else {
        const event = row === undefined ? null : await recording.fine(row, observation);
        states.push({ ...base, state: 'fine', event });
      }
    }
    // Nobody can say any more what became of these: they are not over.
    for (const row of open.values()) {
      if (row.fired_at === null) continue;
      const event = await recording.goOn(row);
      const details = JSON.parse(row.details_json);
      const base = { rule: name, kind, severity, subject: row.subject, summary: row.summary, details };
      states.push({ ...base, state: 'firing', event });
    }
    return states;
  });
}

/** Alerts that nobody saw for so long are closed without a message: of rules, segments and servers that are gone. */
const STALE_MS = 7 * DAY_MS;

/** Closes what nobody sees any more, and forgets what is over for `keepDays`. */
export async function tidyAlerts(store: Store, now: Date, keepDays: number): Promise<void> {
  const stale = new Date(now.getTime() - STALE_MS).toISOString();
  const old = new Date(now.getTime() - keepDays * DAY_MS).toISOString();
  const anything = await store.db
    .selectFrom('alerts')
    .select('alert_id')
    .where((where) =>
      where.or([
        where.and([where('resolved_at', 'is', null), where('last_at', '<', stale)]),
        where('resolved_at', '<', old),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  if (anything === undefined) return;
  await store.write(async (transaction) => {
    await transaction
      .updateTable('alerts')
      .set({ resolved_at: now.toISOString() })
      .where('resolved_at', 'is', null)
      .where('last_at', '<', stale)
      .execute();
    await transaction.deleteFrom('alerts').where('resolved_at', '<', old).execute();
  });
}
