import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openSpool } from '../../src/tracking/spool.js';
import { placesIn } from '../storage/rows.js';
import { temporaryFolder } from '../support/temporary.js';

test.skipIf(process.platform === 'win32')(
  'in the folder that everybody may write, a link or a folder of somebody else is not written through',
  () => {
    const around = temporaryFolder();
    const shared = join(around, 'shared');
    const elsewhere = join(around, 'elsewhere');
    for (const folder of [shared, elsewhere]) mkdirSync(folder);
    vi.stubEnv('TMPDIR', shared);
    onTestFinished(() => void vi.unstubAllEnvs());
    // Neither beside the artifacts nor beside the database can a folder be made.
    writeFileSync(join(around, 'file'), '');
    const places = placesIn(join(around, 'file'));
    const spot = join(shared, `riskops-spool-${userInfo().uid}`);
    const foul: (() => void)[] = [
      () => symlinkSync(elsewhere, spot),
      () => {
        mkdirSync(spot);
        chmodSync(spot, 0o777);
      },
    ];
    for (const lay of foul) {
      lay();
      expect(() => openSpool(places, 'a'.repeat(32))).toThrow(/belongs to somebody else/);
      expect([readdirSync(elsewhere), readdirSync(spot)]).toEqual([[], []]);
      rmSync(spot, { recursive: true });
    }
    const { path } = openSpool(places, 'a'.repeat(32));
    expect(dirname(dirname(path))).toBe(spot);
    expect(statSync(spot).mode & 0o777).toBe(0o700);
  },
);
