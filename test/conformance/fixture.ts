import path from 'node:path'
import type { Era } from '../fixtures/conformance-http.ts'
import { root, startProgram } from './program.ts'
import type { Program } from './program.ts'

const fixture = path.join(root, 'test', 'fixtures', 'conformance-server.ts')

/** What `node` is started with for the suite's fixture server over stdio. */
export function stdioFixture(era: Era): string[] {
  return [fixture, '--era', era, '--transport', 'stdio']
}

/** Starts the suite's fixture server over HTTP. */
export function startFixture(era: Era): Promise<Program> {
  return startProgram([fixture, '--era', era, '--transport', 'http'])
}
