import { once } from 'node:events'
import path from 'node:path'
import {
  type Bench,
  echoArguments,
  everything,
  freshFolder,
  rotated,
  sleep,
  within,
} from './bench-context.ts'
import { ended, settledMb } from './children.ts'
import { initializeParams } from './client.ts'
import {
  catalogText,
  type Gateway,
  gatewayTargets,
  spawnShim,
  startGateway,
} from './gateway-target.ts'
import type { RunningPeer } from './peer-targets.ts'
import { directTarget } from './plain-targets.ts'
import type { Target } from './target.ts'

export const bareNode = 'bare Node'
type Starter = { name: string; start: () => Promise<RunningPeer> }

async function bareStartMs(bench: Bench): Promise<number> {
  const log = path.join(bench.folder, 'bare.log')
  const since = performance.now()
  const child = bench.children.spawn(['-e', ''], { log })
  await ended(child)
  const ms = performance.now() - since
  await bench.children.end(child.pid)
  return ms
}

/** Spawn → the answer to `initialize`, with the server itself stopped: it comes from the gateway's cache. */
async function shimColdMs(bench: Bench, gateway: Gateway): Promise<number> {
  const since = performance.now()
  const shim = spawnShim(bench, gateway, 'everything')
  try {
    const message = { jsonrpc: '2.0', id: 1, method: 'initialize', params: initializeParams }
    shim.stdin?.write(`${JSON.stringify(message)}\n`)
    if (!shim.stdout) throw new Error('The shim has no stdout.')
    const [chunk] = await once(shim.stdout, 'data', { signal: AbortSignal.timeout(20_000) })
    const ms = performance.now() - since
    if (!String(chunk).includes('"result"')) throw new Error(`The shim answered: ${String(chunk)}`)
    return ms
  } finally {
    await bench.children.end(shim.pid)
  }
}

/** One call, so that the gateway has the server's answers in its cache; then the server is stopped. */
async function fillCache(target: Target | undefined, gateway: Gateway): Promise<void> {
  const client = await target?.open()
  await client?.callTool('echo', echoArguments)
  await client?.close()
  await gateway.rest('POST', '/servers/everything/stop')
}

/** How long until it listens, and until the shim answers, beside a bare `node -e ''` (spawn → exit). */
export async function measureStart(bench: Bench, peers: Starter[]): Promise<void> {
  const { figures, options, children } = bench
  const listens = 'start, ms'
  const stateDir = freshFolder(bench, 'state')
  const catalog = catalogText(98)
  const steps: { name: string; run: (round: number) => Promise<void> }[] = [
    {
      name: bareNode,
      run: async () => figures.record(listens, bareNode, await bareStartMs(bench)),
    },
  ]
  let resident: Gateway | undefined
  if (options.gateway) {
    // The first start fills the parse cache; what a person sees every day is the second.
    const first = await startGateway(bench, { catalog, stateDir })
    figures.record(listens, 'gateway, first start', first.listeningMs)
    await first.stop()
    steps.push({
      name: 'gateway',
      run: async () => {
        const again = await startGateway(bench, { catalog, stateDir })
        figures.record(listens, 'gateway', again.listeningMs)
        await again.stop()
      },
    })
    const behindShim = await startGateway(bench, { catalog })
    resident = behindShim
    await fillCache(gatewayTargets(bench, behindShim, 'everything', 'echo')[0], behindShim)
    steps.push({
      name: 'gateway, shim',
      run: async () =>
        figures.record(listens, 'gateway, shim', await shimColdMs(bench, behindShim)),
    })
  }
  for (const peer of peers) {
    steps.push({
      name: peer.name,
      run: async (round) => {
        if (round >= 3) return
        const running = await peer.start()
        figures.record(listens, peer.name, running.listeningMs)
        await running.stop()
      },
    })
  }
  for (let round = 0; round < options.rounds; round++) {
    bench.say(`start: round ${round + 1} of ${options.rounds}`)
    for (const step of rotated(steps, round)) {
      await within(60_000, step.name, step.run(round)).catch((error: unknown) =>
        bench.failed(`start of ${step.name}`, error),
      )
    }
  }
  await children.end(resident?.pid)
}

/** Milliseconds until a new client has its first answer; when the target is not ready yet, it is asked again and the time runs on. */
async function firstAnswerMs(target: Target): Promise<number> {
  const since = performance.now()
  for (;;) {
    try {
      const client = await target.open()
      try {
        await client.callTool(target.tool, echoArguments)
        return performance.now() - since
      } finally {
        await client.close()
      }
    } catch (error) {
      // mcp-hub listens some time before it has connected its servers.
      if (!target.name.startsWith('mcp-hub') || performance.now() - since > 10_000) throw error
      await sleep(10)
    }
  }
}

/** The first call once it listens: where the server is started on demand, its start is in it. */
export async function measureFirstCall(bench: Bench, peers: Starter[]): Promise<void> {
  const { figures, options } = bench
  const measure = async (target: Target) => {
    const ms = await within(30_000, target.name, firstAnswerMs(target))
    figures.record('listening → first answer (open, call), ms', target.name, ms)
  }
  const gateway = options.gateway
    ? await startGateway(bench, { catalog: catalogText() })
    : undefined
  const ours = gateway ? gatewayTargets(bench, gateway, 'everything', 'echo') : []
  const [single] = ours
  const rounds = Math.min(options.rounds, 5)
  for (let round = 0; round < rounds; round++) {
    bench.say(`first call: round ${round + 1} of ${rounds}`)
    try {
      await measure(directTarget(bench, everything, 'echo'))
      if (gateway && single) {
        await measure(single)
        await gateway.rest('POST', '/servers/everything/stop')
      }
      for (const peer of round < 3 ? peers : []) {
        const running = await peer.start()
        await measure(running)
        await running.stop()
      }
    } catch (error) {
      bench.failed('first call', error)
    }
  }
  await gateway?.stop()
}

/** Resident memory of what listens and has done nothing yet, beside a Node process that waits. */
export async function measureIdleMemory(bench: Bench, peers: Starter[]): Promise<void> {
  const { figures, options } = bench
  const figure = 'idle memory, MB'
  const stateDir = freshFolder(bench, 'state')
  const rounds = Math.min(options.rounds, 3)
  for (let round = 0; round < rounds; round++) {
    bench.say(`idle memory: round ${round + 1} of ${rounds}`)
    try {
      figures.record(figure, bareNode, await bareIdleMb(bench))
      if (options.gateway) {
        const gateway = await startGateway(bench, { catalog: catalogText(98), stateDir })
        const mb = await settledMb(gateway.pid)
        await gateway.stop()
        if (round > 0 || rounds === 1) figures.record(figure, 'gateway', mb)
        else figures.record(figure, 'gateway, first start', mb)
      }
      for (const peer of round === 0 ? peers : []) {
        const running = await peer.start()
        figures.record(figure, peer.name, await settledMb(running.pid ?? 0))
        await running.stop()
      }
    } catch (error) {
      bench.failed('idle memory', error)
    }
  }
}

export async function bareIdleMb(bench: Bench): Promise<number> {
  const log = path.join(bench.folder, 'bare.log')
  const child = bench.children.spawn(['-e', 'setInterval(() => {}, 1 << 30)'], { log })
  const mb = await settledMb(child.pid ?? 0)
  await bench.children.end(child.pid)
  return mb
}
