// `npm run bench`: the gateway beside a bare passthrough, the server itself and other proxies. See --help.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { type Bench, everything, modernServer, repository } from './bench-context.ts'
import { measureBigResult } from './big-result.ts'
import { Children } from './children.ts'
import { containerTargets } from './container-target.ts'
import { Figures } from './figures.ts'
import { built, catalogText, eraTargets, gatewayTargets, startGateway } from './gateway-target.ts'
import { verdicts } from './goals.ts'
import { measureLatency } from './latency.ts'
import { type Options, type Phase, readOptions } from './options.ts'
import { installPeers, peerStarters } from './peer-targets.ts'
import { directTarget, startFloor } from './plain-targets.ts'
import { measureReload } from './reload.ts'
import { machine, reportText } from './report.ts'
import { measureImageStart } from './image-start.ts'
import { measureSessions } from './sessions.ts'
import { measureShim } from './shim.ts'
import { measureFirstCall, measureIdleMemory, measureStart } from './start.ts'
import { measureWindow } from './window.ts'

type Starters = ReturnType<typeof peerStarters>

/** Everything that answers calls, up at once. */
async function measureCalls(bench: Bench, peers: Starters): Promise<void> {
  const targets = [
    await startFloor(bench, everything, 'echo'),
    await startFloor(bench, modernServer, 'echo', 'modern'),
    directTarget(bench, everything, 'echo'),
  ]
  if (bench.options.gateway) {
    const gateway = await startGateway(bench, { catalog: catalogText() })
    targets.push(...gatewayTargets(bench, gateway, 'everything', 'echo'))
    targets.push(...eraTargets(gateway, 'echo'))
    // What keeping the history costs the calls.
    const forgetful = await startGateway(bench, {
      catalog: catalogText(),
      config: 'history: false\n',
    })
    for (const target of gatewayTargets(bench, forgetful, 'everything', 'echo'))
      if (target.name === 'gateway') targets.push({ ...target, name: 'gateway, no history' })
  }
  for (const peer of peers) {
    await peer.start().then(
      (running) => targets.push(running),
      (error: unknown) => bench.failed(peer.name, error),
    )
  }
  const contained = bench.options.gateway ? await containerTargets(bench, 'echo') : undefined
  targets.push(...(contained?.targets ?? []))
  try {
    await measureLatency(bench, targets)
  } finally {
    await contained?.end()
  }
}

async function measureAll(bench: Bench): Promise<string[]> {
  const { only, gateway } = bench.options
  if (gateway) built(bench, 'gateway-http.cjs')
  if (bench.options.peers) await installPeers(bench)
  const peers = bench.options.peers ? peerStarters(bench) : []
  const phases: { phases: Phase[]; needsGateway: boolean; run: () => Promise<void> }[] = [
    {
      phases: ['raw', 'sdk', 'parallel'],
      needsGateway: false,
      run: () => measureCalls(bench, peers),
    },
    { phases: ['first'], needsGateway: false, run: () => measureFirstCall(bench, peers) },
    { phases: ['start'], needsGateway: false, run: () => measureStart(bench, peers) },
    { phases: ['image'], needsGateway: true, run: () => measureImageStart(bench) },
    { phases: ['memory'], needsGateway: false, run: () => measureIdleMemory(bench, peers) },
    { phases: ['shim'], needsGateway: true, run: () => measureShim(bench) },
    { phases: ['big'], needsGateway: false, run: () => measureBigResult(bench) },
    { phases: ['sessions'], needsGateway: true, run: () => measureSessions(bench) },
    { phases: ['reload'], needsGateway: true, run: () => measureReload(bench) },
    { phases: ['window'], needsGateway: true, run: () => measureWindow(bench) },
  ]
  for (const { phases: names, needsGateway, run } of phases) {
    if (!names.some((name) => only.has(name)) || (needsGateway && !gateway)) continue
    await run().catch((error: unknown) => bench.failed(names.join(', '), error))
    await bench.children.endAll()
  }
  return peers.map((peer) => peer.name)
}

async function run(options: Options): Promise<number> {
  const children = new Children()
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const figures = new Figures()
  const failures: string[] = []
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const failed = (what: string, error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    failures.push(`${what}: ${why}`)
    say(`  ${what} failed: ${why}`)
  }
  const before = machine()
  const [load = 0] = loadavg()
  if (load > 0.7)
    say(
      `The machine is busy (load ${load.toFixed(1)}): trust the processor times more than the clock.`,
    )
  const peers = await measureAll({ options, figures, children, folder, failed, say })
  const goals = verdicts(figures, peers)
  console.log(reportText(figures, goals, failures))
  const file = path.resolve(repository, options.json)
  mkdirSync(path.dirname(file), { recursive: true })
  const record = {
    machine: before,
    options: { ...options, only: [...options.only] },
    goals,
    failures,
    figures,
  }
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
  console.log(`All rounds: ${path.relative(process.cwd(), file)}`)
  return failures.length > 0 || (options.strict && goals.some((goal) => goal.met === false)) ? 1 : 0
}

async function main(): Promise<void> {
  if (process.platform !== 'linux')
    throw new Error('The benchmark reads /proc, so it runs on Linux only.')
  const options = readOptions(process.argv.slice(2))
  if (options) process.exitCode = await run(options)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
})
