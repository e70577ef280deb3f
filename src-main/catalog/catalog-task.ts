import { asGatewayError, type ErrorCode } from '../../src-shared/errors.ts'
import type { CatalogEdit } from '../../src-shared/api.ts'
import { checkCatalog } from './check.ts'
import { addServer, editCatalog, patchServer, removeServer } from './edit.ts'
import { parseCatalog } from './parse.ts'
import { CatalogError, type CatalogProblem } from './problem.ts'

/** Work on a catalog's text that takes long enough to be done in a thread of its own. */
export type CatalogTask = { text: string; file: string } & (
  | { kind: 'parse' }
  | { kind: 'add'; entry: unknown }
  | { kind: 'patch'; id: string; patch: unknown }
  | { kind: 'remove'; id: string }
  | { kind: 'edit'; edits: readonly CatalogEdit[] }
  | { kind: 'check' }
)

/** `result`: the new text; of `check` JSON; of `parse` a line of JSON for each server, cheaper to pass than objects and fit for the cache. */
export type CatalogTaskReply =
  | { ok: true; result: string }
  | { ok: false; code: ErrorCode; message: string; problems?: readonly CatalogProblem[] }

/** Does the task; never throws. */
export function runTask(task: CatalogTask): CatalogTaskReply {
  try {
    return { ok: true, result: perform(task) }
  } catch (thrown) {
    if (thrown instanceof CatalogError) {
      return { ok: false, code: thrown.code, message: thrown.message, problems: thrown.problems }
    }
    const { code, message } = asGatewayError(thrown)
    return { ok: false, code, message }
  }
}

function perform(task: CatalogTask): string {
  switch (task.kind) {
    case 'parse':
      return parseCatalog(task.text, task.file)
        .servers.map((server) => JSON.stringify(server))
        .join('\n')
    case 'add':
      return addServer(task.text, task.entry, task.file)
    case 'patch':
      return patchServer(task.text, task.id, task.patch, task.file)
    case 'remove':
      return removeServer(task.text, task.id, task.file)
    case 'edit':
      return editCatalog(task.text, task.edits, task.file)
    case 'check':
      return JSON.stringify(checkCatalog(task.text, task.file))
  }
}
