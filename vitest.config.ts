import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Hostile defaults: an odd zone, so that a local time that slips into a record is seen.
    env: { TZ: 'Asia/Ulaanbaatar', NO_COLOR: '1' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // One process a core: many tests wait for processes of their own.
    maxWorkers: '100%',
  },
});
