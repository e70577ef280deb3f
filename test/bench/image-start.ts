import { cpSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { compileAhead } from '../../scripts/compile-ahead.mjs'
import { type Bench, freshFolder, within } from './bench-context.ts'
import { ended } from './children.ts'
import { built, catalogText, startGateway } from './gateway-target.ts'
import { bareNode } from './start.ts'

const clock = 'image: start, ms'
const processor = 'image: start, ms of processor time'
const startsPerRound = 6

/**
 * How long until the image's process listens, beside a bare `node -e ''` (spawn → exit): with the code compiled ahead,
 * and the few servers that such a catalog has. Many short runs in turn, since each is soon disturbed.
 */
export async function measureImageStart(bench: Bench): Promise<void> {
  const { figures, options } = bench
  const app = freshFolder(bench, 'app')
  cpSync(path.dirname(built(bench, 'gateway-http.cjs')), app, { recursive: true })
  await compileAhead(app, String(process.getuid?.() ?? 0))
  const program = path.join(app, 'gateway-http.cjs')
  const catalog = catalogText()
  const stateDir = freshFolder(bench, 'state')
  const configured = freshFolder(bench, 'state')
  const start = async (target: string, state: string, config: string | false = false) => {
    const gateway = await startGateway(bench, { catalog, stateDir: state, config, program })
    figures.record(clock, target, gateway.listeningMs)
    figures.record(processor, target, gateway.listeningProcessorMs)
    await gateway.stop()
  }
  const first = 'gateway, first start'
  const withConfig = 'gateway, with a config.yaml'
  // From the second start on, the parsed catalog comes from the cache.
  await start(first, stateDir)
  await start(first, configured, '')
  for (let round = 0; round < options.rounds; round++) {
    bench.say(`image: round ${round + 1} of ${options.rounds}`)
    for (let turn = 0; turn < startsPerRound; turn++) {
      await within(60_000, bareNode, bareStart(bench))
      await within(60_000, 'gateway', start('gateway', stateDir))
    }
    await within(60_000, first, start(first, freshFolder(bench, 'state')))
    await within(60_000, withConfig, start(withConfig, configured, ''))
  }
}

async function bareStart(bench: Bench): Promise<void> {
  const { figures, children } = bench
  const log = path.join(freshFolder(bench, 'bare'), 'log')
  const since = performance.now()
  const child = children.spawn(['-e', ''], { log })
  await ended(child)
  figures.record(clock, bareNode, performance.now() - since)
  // Another one, which has to say so itself: its end is not in it.
  const says = `process.on('exit', () => { const { user, system } = process.cpuUsage(); process._rawDebug((user + system) / 1000) })`
  await ended(children.spawn(['-e', says], { log }))
  figures.record(processor, bareNode, Number(readFileSync(log, 'utf8')))
}
