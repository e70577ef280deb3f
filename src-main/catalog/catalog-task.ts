import { asGatewayError, type ErrorCode } from '../../src-shared/errors.ts'
import { parseCatalog } from './parse.ts'
import { CatalogError, type CatalogProblem } from './problem.ts'

/** Work on a catalog's text that takes long enough to be done in a thread of its own. */
export interface CatalogTask {
  kind: 'parse'
  text: string
  file: string
}

/** The catalog goes as JSON: cheaper to pass than an object, and what the cache keeps. */
export type CatalogTaskReply =
  | { ok: true; result: string }
  | { ok: false; code: ErrorCode; message: string; problems?: readonly CatalogProblem[] }

/** Does the task; never throws. */
export function runTask(task: CatalogTask): CatalogTaskReply {
  try {
    return { ok: true, result: JSON.stringify(parseCatalog(task.text, task.file)) }
  } catch (thrown) {
    if (thrown instanceof CatalogError) {
      return { ok: false, code: thrown.code, message: thrown.message, problems: thrown.problems }
    }
    const { code, message } = asGatewayError(thrown)
    return { ok: false, code, message }
  }
}
