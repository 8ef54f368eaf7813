#!/usr/bin/env node
// Checks the Node version before anything native loads, then hands over.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `riskops needs Node 20.19 or newer, and this is ${process.versions.node}: install a newer Node from nodejs.org.\n`,
  );
  process.exit(78);
}
const isOutOfFiles = ({ code }) => code === 'EMFILE';
import('../dist/cli.js').then(
  ({ main }) => main(process.argv),
  (error) => {
    const unbuilt = error.code === 'ERR_MODULE_NOT_FOUND' && String(error.url).endsWith('dist/cli.js');
    process.stderr.write(
      unbuilt
        ? 'riskops is not built yet: run npm ci and npm run build in its folder.\n'
        : `${error.message}\nTry: ${isOutOfFiles(error) ? 'ulimit -n 1024, then the same command again' : 'npm ci'}\n`,
    );
    process.exitCode = isOutOfFiles(error) ? 74 : 70;
  },
);
