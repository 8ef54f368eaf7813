import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Why no small disk can be had here; undefined when it can. */
export const whyNoDisk: string | undefined = findWhyNoDisk();

function findWhyNoDisk(): string | undefined {
  if (process.platform !== 'linux') return 'small disks are made by mount of Linux';
  if (process.getuid?.() !== 0) return 'only root may mount';
  const folder = mkdtempSync(join(tmpdir(), 'riskops-disk-'));
  const { error, status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
  if (status === 0) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return status === 0 ? undefined : `mount does not work here: ${error?.message ?? `exit code ${status}`}`;
}

export interface SmallDisk {
  folder: string;
  /** Fills it from outside, up to `left` free KiB. */
  fill(left: number): void;
  /** Takes away what `fill` wrote. */
  empty(): void;
  remount(mode: 'ro' | 'rw'): void;
}

/** A disk of some MiB of its own; it is gone when the test ends. */
export function smallDisk(mebibytes = 8): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'riskops-disk-'));
  mount(['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
  onTestFinished(() => {
    // Lazily: a reader that this process keeps may still have a file open.
    spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const filler = join(folder, 'filler');
  return {
    folder,
    fill(left) {
      const { bavail, bsize } = statfsSync(folder);
      const bytes = bavail * bsize - left * 1024;
      try {
        if (bytes > 0) writeFileSync(filler, Buffer.alloc(bytes));
      } catch (error) {
        // Somebody else wrote meanwhile: what is left is less, and the disk is full all the same.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    empty() {
      if (existsSync(filler)) rmSync(filler);
    },
    remount: (mode) => mount(['-o', `remount,${mode}`, folder]),
  };
}

function mount(words: string[]): void {
  const { status, stderr } = spawnSync('mount', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${words.join(' ')}: ${stderr}`);
}
