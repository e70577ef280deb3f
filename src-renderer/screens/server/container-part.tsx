import { Copy, Download } from 'lucide-react'
import { useQueryClient } from '@tanstack/react-query'
import type { ServerRow } from '../../../src-shared/api-servers.ts'
import type { ContainerImage, ContainerRow } from '../../../src-shared/container.ts'
import { useServerActs } from '../../actions/actions.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { copyText } from '../../components/copy.ts'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { Time } from '../../components/quantity.tsx'
import { notify, notifyFailure } from '../../components/toast.tsx'
import { limitInWords, pullInWords, pullPercent } from '../../containers.ts'
import { keyOf, useAct } from '../../queries.ts'
import { bytesInWords } from '../../words.ts'
import { Prose } from '../catalog/prose.tsx'
import { Fact, Facts } from './facts.tsx'
import { Note } from './note.tsx'

const engines = { docker: 'Docker', podman: 'Podman' } as const
const imageStates: Record<ContainerImage['state'], string> = {
  unknown: 'Not looked for yet',
  absent: 'Not on this machine; pulled at the next start',
  pulling: 'Being pulled',
  present: 'On this machine',
}

interface ContainerPartProps {
  server: Pick<ServerRow, 'id' | 'display_name' | 'status'>
  row: ContainerRow
}

/** The image, and what runs of it. */
export function ContainerPart({ server, row }: ContainerPartProps) {
  const { engine, engine_problem: problem, image, containers } = row
  return (
    <section aria-labelledby="container" className="flex flex-col gap-2.5">
      <h3 id="container" className="border-b border-line pb-1.5 text-prose font-semibold">
        Container
      </h3>
      {problem !== null && <EngineNote problem={problem} />}
      <Facts>
        <Fact name="Engine">{engines[engine]}</Fact>
        <Fact name="Image">
          <ImageFact server={server} image={image} canPull={problem === null} />
        </Fact>
        <Fact name={containers.length > 1 ? 'Containers' : 'Container'}>
          {containers.length === 0 ? (
            <span className="text-muted">None runs</span>
          ) : (
            <ul aria-label="Containers" className="flex flex-col gap-2">
              {containers.map((one) => (
                <RunningContainer key={one.id} container={one} />
              ))}
            </ul>
          )}
        </Fact>
      </Facts>
    </section>
  )
}

function EngineNote({ problem }: { problem: string }) {
  const cache = useQueryClient()
  return (
    <Note
      kind="bad"
      action={
        <Button
          size="small"
          onClick={() => void cache.invalidateQueries({ queryKey: keyOf('containers.list') })}
        >
          Check again
        </Button>
      }
    >
      <Prose text={problem} />
    </Note>
  )
}

interface ImageFactProps {
  server: ContainerPartProps['server']
  image: ContainerImage
  canPull: boolean
}

function ImageFact({ server, image, canPull }: ImageFactProps) {
  const { name, state, progress, problem } = image
  const percent = pullPercent(progress)
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-mono text-sm wrap-anywhere">{name}</span>
        {state === 'pulling' ? null : (
          <>
            <span className="text-muted">{imageStates[state]}</span>
            {canPull && <PullButton server={server} image={image} />}
          </>
        )}
      </div>
      {state === 'pulling' && (
        <div className="flex max-w-96 flex-col gap-1">
          <div className="flex justify-between gap-3 text-sm text-muted">
            <span className="num">{pullInWords(progress)}</span>
            {percent !== undefined && <span className="num">{percent} %</span>}
          </div>
          <ProgressBar label={`Pulling ${name}`} percent={percent} />
        </div>
      )}
      {problem !== null && state !== 'pulling' && (
        <Note kind="bad">
          <Prose text={problem} />
        </Note>
      )}
    </div>
  )
}

function PullButton({ server, image }: Omit<ImageFactProps, 'canPull'>) {
  const pull = useAct('containers.pull')
  const act = useServerActs()
  const run = () =>
    // The button goes while the image is pulled; what comes of it is told all the same.
    void pull.mutateAsync({ id: server.id }).then(
      () =>
        notify(
          server.status === 'running'
            ? {
                title: `${image.name} is pulled`,
                description: `${server.display_name} goes on with the image that it was started with.`,
                action: { label: 'Restart', run: () => act('restart', server) },
              }
            : { title: `${image.name} is pulled` },
        ),
      (thrown: unknown) => notifyFailure(`${image.name} was not pulled.`, thrown),
    )
  return (
    <Button size="small" icon={Download} busy={pull.isPending} onClick={run}>
      {image.state === 'present' ? 'Pull again' : 'Pull now'}
    </Button>
  )
}

type Running = ContainerRow['containers'][number]

function RunningContainer({ container }: { container: Running }) {
  const { id, name, started_at: startedAt } = container
  return (
    <li className="flex flex-col">
      <div className="flex items-center gap-2">
        <code className="font-mono text-sm" title={id}>
          {id.slice(0, 12)}
        </code>
        <IconButton
          icon={Copy}
          size="small"
          label={`Copy the ID of ${name}`}
          onClick={() => copyText(id, 'Container ID')}
        />
        <span className="truncate text-muted">{name}</span>
      </div>
      <p className="num text-muted">
        {figuresOf(container)}started <Time at={startedAt} />
      </p>
    </li>
  )
}

/** "48 MB of 512 MB, 3 % of a core, ". */
function figuresOf({
  memory_bytes: memory,
  memory_limit_bytes: limit,
  cpu_percent: cpu,
}: Running): string {
  return [
    ...(memory === null
      ? []
      : [`${bytesInWords(memory)}${limit === null ? '' : ` of ${limitInWords(limit)}`}`]),
    ...(cpu === null ? [] : [`${cpu < 10 ? cpu.toFixed(1) : Math.round(cpu)} % of a core`]),
  ]
    .map((part) => `${part}, `)
    .join('')
}
