import type { ContainerRow } from '../../src-shared/container.ts'
import type { Parts, ProceduresOf } from './context.ts'

/** `containers.*`. */
export function containerProcedures({ gateway, redact }: Parts): ProceduresOf<'containers'> {
  const shown = (row: ContainerRow): ContainerRow => ({
    ...row,
    engine_problem: row.engine_problem && redact(row.engine_problem),
    image: { ...row.image, problem: row.image.problem && redact(row.image.problem) },
  })
  return {
    'containers.list': async () => (await gateway.containers.list()).map(shown),
    'containers.pull': async ({ id }) => shown(await gateway.containers.pull(id)),
  }
}
