/**
 * The fake gateway on a port of its own, for `npm run dev -- --fake`: it lives a little, so that lists, logs and
 * activity have something to show. `--servers 1000` and `--log-lines 100000` make it large.
 */
import { parseArgs } from 'node:util'
import { sampleLog, sampleServers } from './fake-data.ts'
import { FakeGateway } from './fake-gateway.ts'
import { serveGateway } from './fake-server.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    servers: { type: 'string', default: '9' },
    'log-lines': { type: 'string', default: '40' },
    desktop: { type: 'boolean', default: false },
  },
})
const gateway = new FakeGateway()
gateway.servers = sampleServers(Number(values.servers))
gateway.logs.set('postgres', sampleLog(Number(values['log-lines'])))
if (values.desktop)
  gateway.desktop = {
    gateway: 'own',
    problem: null,
    can_launch_at_login: true,
    launch_at_login: false,
    has_tray: true,
    update: { state: 'idle', version: null, message: '' },
  }
const server = await serveGateway(gateway, Number(values.port))
process.stdout.write(`${server.url}#code=good\n`)
setInterval(() => {
  gateway.log('postgres')
  const { request_count: count } = gateway.servers[0] ?? { request_count: 0 }
  gateway.set('postgres', { request_count: count + 1 })
}, 1000)
