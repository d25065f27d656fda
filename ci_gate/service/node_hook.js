// Makes Node's HTTP clients call through the proxy that CI_GATE_PROXY names.
//
// Loaded with --require before the program. Node's own clients ignore HTTP_PROXY, so the two places
// where they open connections are replaced: the createConnection of http.Agent and https.Agent (http,
// https, axios, got, node-fetch, SDKs), and net.connect and tls.connect while undici connects (fetch
// and the undici package; its diagnostics channel tells when). Connections go through CONNECT,
// also for plain http. Whatever is not an HTTP client (databases, caches) is left alone.
'use strict';

const net = require('net');
const tls = require('tls');
const http = require('http');
const https = require('https');
const { Duplex } = require('stream');
const diagnostics = require('diagnostics_channel');

const MAXIMUM_HEAD = 65536;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

const proxyUrl = process.env.CI_GATE_PROXY;
if (proxyUrl) install(new URL(proxyUrl), process.env.CI_GATE_DIRECT || '');

function install(proxy, directList) {
  const proxyPort = Number(proxy.port || 80);
  const direct = new Set(
    directList.split(',').filter(Boolean).map((address) => {
      const colon = address.lastIndexOf(':');
      return key(address.slice(0, colon), address.slice(colon + 1));
    }),
  );
  direct.add(key(proxy.hostname, proxyPort));

  const original = {
    connect: net.connect,
    tlsConnect: tls.connect,
    http: http.Agent.prototype.createConnection,
    https: https.Agent.prototype.createConnection,
  };

  // A connection through the proxy, usable from the first moment on: what is written before the proxy
  // has answered waits. Has the part of net.Socket's interface that HTTP clients use.
  class Tunnel extends Duplex {
    constructor(host, port) {
      super({ allowHalfOpen: false, autoDestroy: true });
      this.connecting = true;
      this.pending = true;
      this.waiting = null;
      this.target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
      this.remoteAddress = host;
      this.remotePort = Number(port);
      this.socket = original.connect.call(net, { host: proxy.hostname, port: proxyPort });
      this.socket.setNoDelay(true);
      this.socket.on('error', (error) => this.destroy(error));
      this.socket.on('close', () => this.destroy());
      this.socket.on('timeout', () => this.emit('timeout'));
      this.socket.once('connect', () => {
        this.socket.write(`CONNECT ${this.target} HTTP/1.1\r\nHost: ${this.target}\r\n\r\n`);
      });
      this.head = Buffer.alloc(0);
      this.onHead = (data) => this.readHead(data);
      this.socket.on('data', this.onHead);
    }

    readHead(data) {
      this.head = Buffer.concat([this.head, data]);
      const end = this.head.indexOf('\r\n\r\n');
      if (end < 0) {
        if (this.head.length > MAXIMUM_HEAD) this.destroy(new Error('ci-gate: no answer to CONNECT'));
        return;
      }
      const status = this.head.toString('latin1', 0, end).split('\r\n', 1)[0];
      if (!/^HTTP\/1\.[01] 2\d\d/.test(status)) {
        const error = new Error(`ci-gate refused a connection to ${this.target}: ${status}`);
        error.code = 'ECONNREFUSED';
        this.destroy(error);
        return;
      }
      this.socket.removeListener('data', this.onHead);
      this.socket.on('data', (more) => {
        if (!this.push(more)) this.socket.pause();
      });
      this.socket.on('end', () => this.push(null));
      this.connecting = false;
      this.pending = false;
      const rest = this.head.subarray(end + 4);
      if (rest.length) this.push(rest);
      const waiting = this.waiting;
      this.waiting = null;
      if (waiting) waiting();
      this.emit('connect');
      this.emit('ready');
    }

    _read() {
      if (!this.connecting) this.socket.resume();
    }

    _write(chunk, encoding, callback) {
      if (this.connecting) this.waiting = () => this.socket.write(chunk, encoding, callback);
      else this.socket.write(chunk, encoding, callback);
    }

    _final(callback) {
      const end = () => this.socket.end(callback);
      if (this.connecting) this.waiting = end;
      else end();
    }

    _destroy(error, callback) {
      this.connecting = false;
      this.socket.destroy();
      callback(error);
    }

    destroySoon() {
      if (this.writable) this.end();
      if (this.writableFinished) this.destroy();
      else this.once('finish', this.destroy);
    }

    setTimeout(milliseconds, callback) {
      this.timeout = milliseconds;
      if (callback) {
        if (milliseconds) this.once('timeout', callback);
        else this.removeListener('timeout', callback);
      }
      this.socket.setTimeout(milliseconds);
      return this;
    }

    setNoDelay() {
      return this;
    }

    setKeepAlive(enable, delay) {
      this.socket.setKeepAlive(enable, delay);
      return this;
    }

    ref() {
      this.socket.ref();
      return this;
    }

    unref() {
      this.socket.unref();
      return this;
    }

    address() {
      return this.socket.address();
    }

    get bytesWritten() {
      return this.socket.bytesWritten;
    }

    get bytesRead() {
      return this.socket.bytesRead;
    }

    get localAddress() {
      return this.socket.localAddress;
    }

    get localPort() {
      return this.socket.localPort;
    }

    get readyState() {
      return this.connecting ? 'opening' : this.destroyed ? 'closed' : 'open';
    }
  }

  // The tunnel for these options of a connection, or null where it must be made as usual.
  function tunnel(options, defaultPort) {
    if (!options || typeof options !== 'object') return null;
    if (options.socketPath || options.socket) return null;
    const host = String(options.host || options.hostname || 'localhost').replace(/^\[|\]$/g, '');
    const port = Number(options.port || defaultPort);
    if (direct.has(key(host, port))) return null;
    return new Tunnel(host, port);
  }

  http.Agent.prototype.createConnection = function createConnection(...args) {
    const made = tunnel(args[0], 80);
    return made || original.http.apply(this, args);
  };

  https.Agent.prototype.createConnection = function createConnection(...args) {
    const made = tunnel(args[0], 443);
    if (!made) return original.https.apply(this, args);
    args[0] = { ...args[0], socket: made };
    return keptBy(made, original.https.apply(this, args));
  };

  // An idle TLS connection must not keep the process alive: ref and unref reach the real socket.
  function keptBy(made, secure) {
    secure.ref = () => {
      made.ref();
      return secure;
    };
    secure.unref = () => {
      made.unref();
      return secure;
    };
    return secure;
  }

  // undici says on this channel that it connects and then calls net.connect or tls.connect before
  // anything else can run.
  let undici = false;
  diagnostics.channel('undici:client:beforeConnect').subscribe(() => {
    undici = true;
    queueMicrotask(() => {
      undici = false;
    });
  });

  // The tunnel for a bare connect, when an HTTP client makes it: undici, or whoever hands on the
  // options of a request with a createConnection of its own (ws does).
  function bare(options, defaultPort) {
    const request = options && options.headers && typeof options.createConnection === 'function';
    if (!undici && !request) return null;
    undici = false;
    return options.path ? null : tunnel(options, defaultPort);
  }

  net.connect = net.createConnection = function connect(...args) {
    return bare(args[0], 80) || original.connect.apply(this, args);
  };

  tls.connect = function connect(...args) {
    const made = bare(args[0], 443);
    if (!made) return original.tlsConnect.apply(this, args);
    args[0] = { ...args[0], socket: made };
    return keptBy(made, original.tlsConnect.apply(this, args));
  };

  // import { connect } from 'tls' must see it too.
  require('module').syncBuiltinESMExports();
}

function key(host, port) {
  const name = String(host).replace(/^\[|\]$/g, '').toLowerCase();
  return `${LOOPBACK.has(name) ? 'localhost' : name}:${Number(port)}`;
}
