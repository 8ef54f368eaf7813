// Sends a request body at a fixed rate over some connections, whether answers come or not, for some seconds: PORT BODY_FILE RATE CONNECTIONS SECONDS.
// Prints the times from when a request was due to its answer, in milliseconds.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const [port, file, rate, connections, seconds] = process.argv
  .slice(2)
  .map((word, i) => (i === 1 ? word : Number(word)));
const body = readFileSync(file);
const request = Buffer.concat([
  Buffer.from(
    `POST /predict HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  ),
  body,
]);
const times = [];
let bad = 0;

const idle = [];
const waiting = [];
const send = (line, due) => {
  line.due = due;
  line.socket.write(request);
};
const answered = (line) => {
  times.push(performance.now() - line.due);
  const due = waiting.shift();
  if (due === undefined) idle.push(line);
  else send(line, due);
};

async function openLine() {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const line = { socket, due: 0, heard: '' };
  socket.on('data', (part) => {
    line.heard += part.toString('latin1');
    const end = line.heard.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(line.heard)?.[1]);
    if (line.heard.length < end + 4 + length) return;
    if (!line.heard.startsWith('HTTP/1.1 200')) bad++;
    line.heard = '';
    answered(line);
  });
  return line;
}

for (let i = 0; i < connections; i++) idle.push(await openLine());
const begun = performance.now();
let sent = 0;
await new Promise((resolve) => {
  const tick = () => {
    const now = performance.now() - begun;
    for (; sent < Math.min(now / 1000, seconds) * rate; sent++) {
      const due = begun + (sent / rate) * 1000;
      const line = idle.pop();
      if (line === undefined) waiting.push(due);
      else send(line, due);
    }
    if (now < seconds * 1000 || times.length < sent) setImmediate(tick);
    else resolve();
  };
  tick();
});
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
console.log(JSON.stringify({ requests: times.length, bad, p50: at(0.5), p95: at(0.95), p99: at(0.99) }));
process.exit();
