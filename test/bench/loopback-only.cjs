'use strict'
// Preloaded into the peers only (`node --require`): some listen on every interface and some fetch a
// marketplace at start. Here they listen on 127.0.0.1 and connect to nothing else.
const net = require('node:net')

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === 'number') {
    return listen.call(
      this,
      { port: args[0], host: '127.0.0.1' },
      args.find((a) => typeof a === 'function'),
    )
  }
  if (args[0] && typeof args[0] === 'object' && args[0].port !== undefined) {
    args[0] = { ...args[0], host: '127.0.0.1' }
  }
  return listen.apply(this, args)
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost'])
const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0]
  const options = typeof first === 'object' ? first : { port: first, host: args[1] }
  if (options.path === undefined && !loopback.has(options.host ?? 'localhost')) {
    process.nextTick(() =>
      this.destroy(new Error('The benchmark lets nothing leave this machine.')),
    )
    return this
  }
  return connect.apply(this, args)
}
