import { CircleAlert, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ServerDetailView } from '../../../src-shared/api-servers.ts'
import { CodeBlock } from '../../components/code-block.tsx'
import { Bytes, Duration, Time, Uptime } from '../../components/quantity.tsx'
import { TagList } from '../../components/tag-list.tsx'
import { useRead } from '../../queries.ts'
import { count } from '../../words.ts'
import { RateStrip } from '../activity/rate-strip.tsx'
import { plainText } from './plain-text.ts'

/** What is to be known at a glance; first of all what is wrong. */
export function Overview({ server }: { server: ServerDetailView }) {
  const memory = useRead('servers.memory', {}, { everyMs: 2000 })
  const url = useRead('gateway.info', {}).data?.url
  // Without the history there is nothing to draw.
  const history = useRead('settings.get', {}).data?.history
  return (
    <div className="@container flex min-h-0 flex-1 flex-col gap-6 overflow-auto px-5 py-4">
      <Trouble server={server} />
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
          <Bytes value={memory.data?.[server.id]} />
        </Figure>
      </dl>
      {history === true && <RateStrip serverId={server.id} />}
      <Facts server={server} url={url} />
    </div>
  )
}

/** Last error and warnings, where there are any. */
function Trouble({ server }: { server: ServerDetailView }) {
  const shown = server.status === 'unhealthy' || server.status === 'stopped'
  const error = shown ? server.last_error : null
  if (error === null && server.warnings.length === 0) return null
  return (
    <div className="flex flex-col gap-2">
      {error !== null && (
        <p className="flex gap-2.5 rounded bg-bad-soft px-3 py-2.5 text-prose wrap-anywhere">
          <CircleAlert size={16} aria-hidden className="mt-0.5 shrink-0 text-bad" />
          {error}
        </p>
      )}
      {server.warnings.map((warning) => (
        <p
          key={warning}
          className="flex gap-2.5 rounded bg-warn-soft px-3 py-2.5 text-prose wrap-anywhere"
        >
          <TriangleAlert size={16} aria-hidden className="mt-0.5 shrink-0 text-warn" />
          {warning}
        </p>
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

function Facts({ server, url }: { server: ServerDetailView; url: string | undefined }) {
  const protocol =
    server.protocol_version === null
      ? 'Known after the first start'
      : `${server.protocol_version}${server.protocol_era === null ? '' : `, ${eras[server.protocol_era]}`}`
  const capabilities = Object.keys(server.capabilities ?? {})
  return (
    <dl className="grid grid-cols-[120px_minmax(0,1fr)] gap-x-4 gap-y-2.5">
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
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="py-0.5 text-muted">{name}</dt>
      <dd className="min-w-0 py-0.5">{children}</dd>
    </>
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
