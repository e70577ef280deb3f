import { GatewayError } from '../../src-shared/errors.ts'

/** One thing that is wrong in catalog.yaml or config.yaml. `line` and `column` begin at 1. */
export interface CatalogProblem {
  message: string
  file: string
  line: number
  column: number
}

/** `file:line:column: message`, the form that editors and terminals turn into a link. */
export function formatProblem(problem: CatalogProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`
}

/** A catalog or config file that cannot be used, with everything that is wrong in it. */
export class CatalogError extends GatewayError {
  readonly problems: readonly CatalogProblem[]

  constructor(problems: readonly CatalogProblem[], options: { cause?: unknown } = {}) {
    super('catalog_invalid', problems.map(formatProblem).join('\n'), options)
    this.name = 'CatalogError'
    this.problems = problems
  }
}
