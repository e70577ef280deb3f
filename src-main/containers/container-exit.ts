import type { LinkClosed } from '../runtimes/runtime.ts'
import type { ContainerExit } from './container.ts'
import { engineName } from './engine-failure.ts'
import type { EngineAddress } from './engine-address.ts'

/** What an exit code past 128 stands for. */
const signals: Readonly<Record<number, string>> = {
  134: 'SIGABRT',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
}

export interface ExitContext {
  /** As people know it. */
  name: string
  image: string
  address: EngineAddress
  /** What the catalog allows; undefined without a limit. */
  memory: string | undefined
  /** We ended it. */
  expected: boolean
  /** Why the gateway ended it, where the gateway did. */
  failure: string | undefined
  lastLine: string
}

/** Why a container's link is gone, for people. */
export function exitReason(exit: ContainerExit, context: ExitContext): LinkClosed {
  const { expected, failure, lastLine } = context
  const last = lastLine.trim().slice(0, 300)
  const lastWords = expected || last === '' ? '' : ` Its last line on stderr: ${last}`
  const isForeign = !expected && /exec format error/i.test(`${exit.error} ${last}`)
  const foreign = isForeign ? ' The image is made for another processor than this machine’s.' : ''
  const why = failure === undefined || exit.how !== 'exited' ? '' : ` ${failure}.`
  const signal = exit.code === null ? undefined : signals[exit.code]
  return {
    message: `The container ${context.name} (${context.image}) ${ending(exit, context)}.${why}${lastWords}${foreign}`,
    exitCode: exit.code,
    ...(signal !== undefined && { signal }),
    expected,
  }
}

function ending(exit: ContainerExit, { address, memory, expected }: ExitContext): string {
  const { code } = exit
  switch (exit.how) {
    case 'out_of_memory': {
      const limit = memory === undefined ? 'the machine ran out of it' : `its limit is ${memory}`
      return `was killed because it used too much memory (${limit}). Raise \`memory\` in the catalog, or let it do less at a time`
    }
    case 'removed':
      return 'was removed from outside the gateway'
    case 'engine_lost':
      return `is lost: ${engineName(address)} was stopped or restarted`
    case 'exited': {
      if (exit.error !== '') return `did not run: ${exit.error.replace(/\.$/, '')}`
      const signal = code === null ? undefined : signals[code]
      // Podman does not tell on every machine that it was the memory.
      if (code === 137 && !expected && memory !== undefined)
        return `was ended by SIGKILL (exit code 137): it used more memory than its limit of ${memory}, or was killed from outside the gateway. Raise \`memory\` in the catalog if that repeats`
      if (signal !== undefined && !expected && (code === 137 || code === 143))
        return `was ended by ${signal} from outside the gateway (exit code ${code})`
      return signal === undefined
        ? `exited with code ${code}`
        : `was ended by ${signal} (exit code ${code})`
    }
  }
}
