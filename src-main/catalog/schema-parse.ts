import type { z } from 'zod'
import type { CatalogProblem } from './problem.ts'
import { isObject, valueAt, type Path, type YamlTree } from './yaml-tree.ts'

const maxProblems = 100

/** By place in the file, each once, and not more than a person can use. */
export function inOrder(problems: readonly CatalogProblem[]): CatalogProblem[] {
  return problems
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .filter((problem, index, all) => {
      const last = all[index - 1]
      return (
        last?.line !== problem.line ||
        last.column !== problem.column ||
        last.message !== problem.message
      )
    })
    .slice(0, maxProblems)
}

/**
 * Parses `tree.value`. A number or a boolean where text is asked for (`PORT: 8080`, `args: [-n, 010]`) is taken as it
 * is written in the file, which is what its author sees; that happens in place.
 */
export function parseWithSources<T>(schema: z.ZodType<T>, tree: YamlTree): z.ZodSafeParseResult<T> {
  const first = schema.safeParse(tree.value)
  if (first.success) return first
  let mended = false
  for (const issue of first.error.issues) {
    if (issue.code !== 'invalid_type' || issue.expected !== 'string') continue
    const path = issue.path.filter((step) => typeof step !== 'symbol')
    const last = path.at(-1)
    const source = tree.sourceAt(path)
    const value = valueAt(tree.value, path)
    const container = valueAt(tree.value, path.slice(0, -1))
    if (last === undefined || source === undefined || !isObject(container)) continue
    if (typeof value !== 'number' && typeof value !== 'boolean') continue
    Reflect.set(container, last, source)
    mended = true
  }
  return mended ? schema.safeParse(tree.value) : first
}

/** `args[0]`, `env.NAME`. */
export function dotted(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join('')
}
