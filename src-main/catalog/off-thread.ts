import type { Catalog, ServerDefinition } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { CatalogTask, CatalogTaskReply } from './catalog-task.ts'
import { LoopTurn } from './loop-turn.ts'
import { CatalogError } from './problem.ts'

export interface OffThreadOptions {
  /**
   * The worker's entry: `parse-worker.ts` from source, `dist/parse-worker.cjs` in the build. Without it everything is
   * done on the calling thread.
   */
  workerFile?: string | undefined
  /** Texts up to this many UTF-16 units are done on the calling thread. Default 4,096: a few milliseconds. */
  inlineLimit?: number | undefined
  /** How long a thread may take. Default 60 s. */
  timeoutMs?: number | undefined
}

/**
 * `parseCatalog` without holding up the event loop. Rejects with CatalogError; a text that takes longer than
 * `timeoutMs` or more memory than a thread is given is one as well.
 */
export async function parseCatalogOffThread(
  text: string,
  file: string,
  options: OffThreadOptions = {},
): Promise<Catalog> {
  return readCatalogLines(await runOffThread({ kind: 'parse', text, file }, options))
}

/**
 * The catalog in the lines that `runTask` has made, a server each. Not checked again: that would cost what this form
 * saves.
 */
export async function readCatalogLines(lines: string): Promise<Catalog> {
  const servers: ServerDefinition[] = []
  const turn = new LoopTurn()
  for (const line of lines === '' ? [] : lines.split('\n')) {
    if (turn.isOver()) await turn.next()
    const server: ServerDefinition = JSON.parse(line)
    servers.push(server)
  }
  return { servers }
}

/** Does a task, in a thread of its own if the text is large. Returns the result's text or throws the task's error. */
export async function runOffThread(task: CatalogTask, options: OffThreadOptions): Promise<string> {
  const { workerFile, inlineLimit = 4096, timeoutMs = 60_000 } = options
  const inline = workerFile === undefined || task.text.length <= inlineLimit
  const reply =
    (inline ? undefined : await runWorker(task, workerFile, timeoutMs)) ?? (await runHere(task))
  if (reply.ok) return reply.result
  if (reply.problems !== undefined) throw new CatalogError(reply.problems)
  throw new GatewayError(reply.code, reply.message)
}

async function runHere(task: CatalogTask): Promise<CatalogTaskReply> {
  const { runTask } = await import('./catalog-task.ts')
  return runTask(task)
}

/** Undefined when there is no working thread: slow is better than not at all. */
function runWorker(
  task: CatalogTask,
  workerFile: string,
  timeoutMs: number,
): Promise<CatalogTaskReply | undefined> {
  // Not imported: few starts need it, and each would pay for it.
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  return new Promise((resolve) => {
    const worker = new Worker(workerFile, {
      workerData: task,
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    })
    const settle = (reply: CatalogTaskReply | undefined): void => {
      clearTimeout(timer)
      resolve(reply)
      void worker.terminate()
    }
    const timer = setTimeout(() => {
      settle(failure(task, `Takes longer than ${timeoutMs / 1000} s to read. Is this a catalog?`))
    }, timeoutMs)
    worker.once('message', (reply: CatalogTaskReply) => settle(reply))
    worker.once('error', (error: Error & { code?: string }) => {
      const tooLarge = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      settle(
        tooLarge ? failure(task, 'Needs too much memory to read. Is this a catalog?') : undefined,
      )
    })
    worker.once('exit', () => settle(undefined))
  })
}

function failure(task: CatalogTask, message: string): CatalogTaskReply {
  const problem = { message, file: task.file, line: 1, column: 1 }
  return { ok: false, code: 'catalog_invalid', message, problems: [problem] }
}
