// What a Node program sees of time: prints the wall clock and how long every wait took.
const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');

const waits = {};
const walls = {};

async function measured(name, call) {
  const begin = process.hrtime.bigint();
  try {
    await call();
  } catch (error) {
    if (error.name !== 'TimeoutError' && error.name !== 'AbortError') throw error;
  }
  waits[name] = Number(process.hrtime.bigint() - begin) / 1e6;
}

async function silent() {
  const server = net.createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.setTimeout(200);
  await once(socket, 'timeout');
  socket.destroy();
  server.close();
}

async function main() {
  const before = Date.now();
  const begin = performance.now();
  await measured('setTimeout', () => new Promise((done) => setTimeout(done, 200)));
  await measured('setInterval', () => new Promise((done) => {
    const timer = setInterval(() => { clearInterval(timer); done(); }, 200);
  }));
  await measured('timers/promises', () => sleep(200));
  await measured('AbortSignal.timeout', () => sleep(60000, null, { signal: AbortSignal.timeout(200) }));
  await measured('Atomics.wait', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200));
  await measured('socket', silent);
  walls['Date.now'] = Date.now() / 1000;
  walls['new Date'] = new Date().getTime() / 1000;
  walls['performance'] = (performance.timeOrigin + performance.now()) / 1000;
  walls['child'] = Number(execFileSync(process.execPath, ['-p', 'Date.now()'])) / 1000;
  walls['date(1)'] = Number(execFileSync('date', ['+%s']));
  const script = "require('node:worker_threads').parentPort.postMessage(Date.now())";
  const [now] = await once(new Worker(script, { eval: true }), 'message');
  walls['worker'] = now / 1000;
  const went = (Date.now() - before) / 1000;
  const took = (performance.now() - begin) / 1000;
  console.log(JSON.stringify({ walls, waits, went, took }));
}

main();
