// Runs riskops in this process, and says at its end how much memory that took, in KiB, as the last line of stderr.
process.on('exit', () => {
  process.stderr.write(`\n${JSON.stringify({ maxRSS: process.resourceUsage().maxRSS })}\n`);
});
process.argv[1] = new URL('../bin/riskops.js', import.meta.url).pathname;
await import('../bin/riskops.js');
