import { PassThrough } from 'node:stream';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurn } from '../../../src/serving/quick/turn.js';

test('the answers of one turn of the event loop are written at its end, in order; a client that left gets none', async () => {
  // However slow the machine is.
  const turn = createTurn(60_000);
  const [one, other, gone] = [new PassThrough(), new PassThrough(), new PassThrough()];
  turn.add(one, 'a', 'latin1', false);
  turn.add(gone, 'b', 'latin1', false);
  turn.add(other, 'c', 'latin1', false);
  turn.add(one, 'd', 'latin1', false);
  gone.destroy();
  expect([one.read(), other.read()]).toEqual([null, null]);
  await endOfTurn();
  expect([String(one.read()), String(other.read())]).toEqual(['ad', 'c']);
  turn.add(one, 'e', 'latin1', false);
  await endOfTurn();
  expect(String(one.read())).toBe('e');
});

test('nobody waits for nobody: who is alone is answered at once, after what waits, and so is who came long after the first', () => {
  const turn = createTurn();
  const socket = new PassThrough();
  turn.add(socket, 'a', 'latin1', false);
  turn.add(socket, 'b', 'latin1', true);
  expect(String(socket.read())).toBe('ab');
  turn.add(socket, 'c', 'latin1', false);
  for (const until = performance.now() + 5; performance.now() < until; );
  turn.add(socket, 'd', 'latin1', false);
  expect(String(socket.read())).toBe('cd');
});
