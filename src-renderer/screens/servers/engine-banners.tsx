import { useQueryClient } from '@tanstack/react-query'
import type { ContainerRow } from '../../../src-shared/container.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { keyOf } from '../../queries.ts'
import { counted } from '../../words.ts'
import { Prose } from '../catalog/prose.tsx'

/** An engine that cannot be used is said once, not at each server that needs it. */
export function EngineBanners({ containers }: { containers: readonly ContainerRow[] }) {
  const cache = useQueryClient()
  const problems = new Map<string, number>()
  for (const { engine_problem: problem } of containers)
    if (problem !== null) problems.set(problem, (problems.get(problem) ?? 0) + 1)
  return [...problems].map(([problem, servers]) => (
    <Banner
      key={problem}
      kind="warn"
      className="border-b border-line"
      actions={
        <Button
          size="small"
          onClick={() => void cache.invalidateQueries({ queryKey: keyOf('containers.list') })}
        >
          Check again
        </Button>
      }
    >
      <Prose text={problem} />{' '}
      <span className="text-muted">
        {servers === 1 ? 'One server needs it.' : `${counted(servers, 'server')} need it.`}
      </span>
    </Banner>
  ))
}
