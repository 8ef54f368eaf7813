import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { whileServing } from '../../support/riskops.js';
import { makeProject } from './project.js';

const newFolder = () => mkdtempSync(join(tmpdir(), 'riskops-fault-'));

/** A project that is made once for a file of tests, as `changes` expects it; each call copies it for one fault. */
export function baseProject(): (into?: string) => string {
  const base = newFolder();
  beforeAll(() => makeProject(base, 3, [3, 1]));
  afterAll(() => rmSync(base, { recursive: true, force: true }));
  return (into) => {
    const folder = into ?? newFolder();
    if (into === undefined) onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(base, folder, { recursive: true });
    return folder;
  };
}

/** Asks a server for a prediction of one loan. */
export async function predict(url: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ income: 31.4, debt: 27.2, age: 41, 지역: '제주' }] }),
  });
  return { status: response.status, body: await response.json() };
}

/** A server that is started on what is there now answers a prediction by that version. */
export async function expectServes(folder: string, version: number): Promise<void> {
  await whileServing(folder, ['--port', '0'], async (url) => {
    expect(await predict(url)).toMatchObject({
      status: 200,
      body: { version, prediction: expect.any(Number) },
    });
  });
}
