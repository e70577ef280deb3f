import type { ApiEvent } from '../../src-shared/api.ts'
import type { ContainerImage, ContainerRow } from '../../src-shared/container.ts'
import { GatewayError } from '../../src-shared/errors.ts'

/** `containers.*` of the fake gateway; a spec fills `rows` and says how a pull goes on. */
export class FakeContainers {
  rows: ContainerRow[] = []
  private readonly emit: (event: ApiEvent) => void
  private readonly pulls = new Map<string, (row: ContainerRow | GatewayError) => void>()

  constructor(emit: (event: ApiEvent) => void) {
    this.emit = emit
  }

  /** Answers when `pulled` is called. */
  pull(id: string): Promise<ContainerRow> {
    this.pulling(id, null)
    return new Promise((resolve, reject) =>
      this.pulls.set(id, (end) => (end instanceof GatewayError ? reject(end) : resolve(end))),
    )
  }

  pulling(id: string, progress: ContainerImage['progress']): void {
    this.change(id, { image: { state: 'pulling', progress, problem: null } })
  }

  pulled(id: string, problem?: string): void {
    const row = this.change(id, {
      image: {
        state: problem === undefined ? 'present' : 'absent',
        progress: null,
        problem: problem ?? null,
      },
    })
    this.pulls.get(id)?.(problem === undefined ? row : new GatewayError('server_failed', problem))
  }

  /** Changes a row and tells of it as the gateway does: without memory and CPU. */
  change(
    id: string,
    part: { image?: Omit<ContainerImage, 'name'>; containers?: ContainerRow['containers'] },
  ): ContainerRow {
    const before = this.rows.find((row) => row.server_id === id)
    if (before === undefined) throw new GatewayError('conflict', `${id} runs in no container.`)
    const row = {
      ...before,
      image: { ...before.image, ...part.image },
      containers: part.containers ?? before.containers,
    }
    this.rows = this.rows.map((one) => (one === before ? row : one))
    const { image } = row
    const containers = row.containers.map(({ id: containerId, name, started_at }) => ({
      id: containerId,
      name,
      started_at,
    }))
    this.emit({ type: 'container', server_id: id, image, containers })
    return row
  }
}
