import type { ReactNode } from 'react'
import type { ServerDetailView } from '../../../src-shared/api-servers.ts'
import type { ContainerRow } from '../../../src-shared/container.ts'
import { shownState } from '../../../src-shared/shown-state.ts'
import { CodeBlock } from '../../components/code-block.tsx'
import { Bytes, Duration, Time, Uptime } from '../../components/quantity.tsx'
import { TagList } from '../../components/tag-list.tsx'
import { useRead } from '../../queries.ts'
import { count } from '../../words.ts'
import { memoryOf, tells, useContainers } from '../../containers.ts'
import { Prose } from '../catalog/prose.tsx'
import { RateStrip } from '../activity/rate-strip.tsx'
import { MissingSecrets } from '../secrets/missing-secrets.tsx'
import { ContainerPart } from './container-part.tsx'
import { Fact, Facts } from './facts.tsx'
import { Note } from './note.tsx'
import { plainText } from './plain-text.ts'
import { SignedIn } from './sign-in/signed-in.tsx'

/** What is to be known at a glance; first of all what is wrong. */
export function Overview({ server }: { server: ServerDetailView }) {
  const memory = useRead('servers.memory', {}, { everyMs: 2000 })
  const containers = useContainers({ everyMs: 4000 }).data
  const container = containers?.find(({ server_id: id }) => id === server.id)
  const { sign_in: signIn } = server
  const url = useRead('gateway.info', {}).data?.url
  // Without the history there is nothing to draw.
  const history = useRead('settings.get', {}).data?.history
  return (
    <div className="@container flex min-h-0 flex-1 flex-col gap-6 overflow-auto px-5 py-4">
      <Trouble server={server} container={container} />
      {JSON.stringify(server.entry).includes('${secret:') && (
        <MissingSecrets servers={[server.id]} />
      )}
      {(server.description !== '' || server.tags.length > 0) && (
        <div className="flex flex-col gap-1.5">
          {server.description !== '' && <p className="text-prose">{server.description}</p>}
          <TagList tags={server.tags} />
        </div>
      )}
      <dl className="grid grid-cols-3 gap-x-6 gap-y-4 @xl:grid-cols-6">
        <Figure name="Uptime">
          <Uptime since={server.status === 'running' ? server.started_at : null} />
        </Figure>
        <Figure name="Requests">{count(server.request_count)}</Figure>
        <Figure name="Errors">{count(server.error_count)}</Figure>
        <Figure name="Latency, median">
          <Duration ms={server.latency_ms.p50} />
        </Figure>
        <Figure name="Latency, 95 %">
          <Duration ms={server.latency_ms.p95} />
        </Figure>
        <Figure name="Memory">
          <Bytes value={memory.data?.[server.id] ?? (container && memoryOf(container))} />
        </Figure>
      </dl>
      {container !== undefined && <ContainerPart server={server} row={container} />}
      {signIn?.state === 'signed_in' && <SignedIn server={server} signIn={signIn} />}
      {history === true && <RateStrip serverId={server.id} />}
      <ServerFacts server={server} url={url} />
    </div>
  )
}

interface TroubleProps {
  server: ServerDetailView
  container: ContainerRow | undefined
}

/** Last error and warnings, where there are any. */
function Trouble({ server, container }: TroubleProps) {
  // What waits for a sign-in says so above.
  const state = shownState(server)
  const shown = state === 'unhealthy' || state === 'stopped'
  const last = shown ? server.last_error : null
  // It stands once, where there is something to do about it.
  const error = container !== undefined && last !== null && tells(container, last) ? null : last
  if (error === null && server.warnings.length === 0) return null
  return (
    <div className="flex flex-col gap-2">
      {error !== null && (
        <Note kind="bad">
          <Prose text={error} />
        </Note>
      )}
      {server.warnings.map((warning) => (
        <Note key={warning} kind="warn">
          {warning}
        </Note>
      ))}
    </div>
  )
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="num text-lead font-medium">{children}</dd>
    </div>
  )
}

const eras = { legacy: 'with sessions', modern: 'stateless' } as const
const isolations = {
  auto: 'Shared; alone where a server asks its client',
  shared: 'Shared by all clients',
  session: 'One instance for each client',
} as const

function ServerFacts({ server, url }: { server: ServerDetailView; url: string | undefined }) {
  const protocol =
    server.protocol_version === null
      ? 'Known after the first start'
      : `${server.protocol_version}${server.protocol_era === null ? '' : `, ${eras[server.protocol_era]}`}`
  const capabilities = Object.keys(server.capabilities ?? {})
  return (
    <Facts>
      <Fact name="Version">{serverVersion(server) ?? '–'}</Fact>
      <Fact name="Protocol">{protocol}</Fact>
      <Fact name="Capabilities">
        {capabilities.length === 0 ? '–' : <TagList tags={capabilities} className="flex-wrap" />}
      </Fact>
      <Fact name="Instances">{isolations[server.isolation]}</Fact>
      {server.pids.length > 0 && (
        <Fact name={server.pids.length === 1 ? 'Process' : 'Processes'}>
          <span className="num">{server.pids.join(', ')}</span>
        </Fact>
      )}
      <Fact name="Last request">
        {server.last_activity === null ? 'None yet' : <Time at={server.last_activity} />}
      </Fact>
      <Fact name="Runtime">
        <CodeBlock label="Runtime" text={runtimeInWords(server.runtime)} />
      </Fact>
      {url !== undefined && (
        <Fact name="MCP address">
          <CodeBlock label="MCP address" text={`${url}/servers/${server.id}/mcp`} />
        </Fact>
      )}
    </Facts>
  )
}

function serverVersion({ server_info: info }: ServerDetailView): string | undefined {
  if (info === null) return undefined
  return [info['title'] ?? info['name'], info['version']]
    .filter((part) => typeof part === 'string')
    .join(' ')
}

/** A command line, a URL, or whatever else it is, as YAML would have it. */
function runtimeInWords(runtime: Readonly<Record<string, unknown>>): string {
  const { type, command, args, url, image, ...rest } = runtime
  const main =
    typeof command === 'string'
      ? [command, ...(Array.isArray(args) ? args : [])].map(quoted).join(' ')
      : typeof url === 'string'
        ? url
        : typeof image === 'string'
          ? image
          : undefined
  const lines = Object.entries(rest).map(
    ([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return [...(main === undefined ? [] : [main]), `type: ${plainText(type)}`, ...lines].join('\n')
}

function quoted(part: unknown): string {
  const text = plainText(part)
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text}'`
}
