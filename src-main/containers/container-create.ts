import { randomBytes, randomUUID } from 'node:crypto'
import type { DockerRuntime } from '../../src-shared/docker-runtime.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { Container } from './container.ts'
import { labels } from './container-labels.ts'
import { containerOptions, type ContainerPlan } from './container-options.ts'
import { EngineError, engineName } from './engine-failure.ts'
import type { EngineSession } from './engine-session.ts'

/** With `container_name`, and an instance for each session. */
const maxNamesakes = 100

export interface CreateOptions extends Omit<ContainerPlan, 'labels' | 'hasInit'> {
  instance: string
  session: EngineSession
  log: (text: string) => void
}

/** A container that runs, and the label by which the session counts it as alive. */
export interface Created {
  container: Container
  launch: string
}

/**
 * Creates, attaches and starts a container. What it began and did not finish is removed. Rejects with EngineError or
 * GatewayError `server_failed`.
 */
export async function createContainer(
  options: CreateOptions,
  signal: AbortSignal,
): Promise<Created> {
  const { session, log } = options
  try {
    return await attempt(options, signal)
  } catch (error) {
    if (!session.hasInit || !lacksInit(error)) throw error
    session.hasInit = false
    log(
      `${engineName(session.engine.address)} has no init program (tini, catatonit): the server runs without one.`,
    )
    return attempt(options, signal)
  }
}

async function attempt(options: CreateOptions, signal: AbortSignal): Promise<Created> {
  const { session, serverId, runtime } = options
  const { engine } = session
  const launch = randomUUID()
  session.live.add(launch)
  let id: string | undefined
  try {
    const body = containerOptions({
      ...options,
      hasInit: session.hasInit,
      labels: {
        [labels.instance]: options.instance,
        [labels.server]: serverId,
        [labels.launch]: launch,
      },
    })
    session.note()
    const created = await createNamed(options, body)
    id = created.id
    const stream = await engine.attach(id, { stdin: runtime.transport === 'stdio' }, signal)
    stream.on('error', () => {})
    try {
      await engine.start(id, signal)
    } catch (error) {
      stream.destroy()
      throw error
    }
    return { container: new Container(engine, id, created.name, stream), launch }
  } catch (error) {
    session.live.delete(launch)
    // Whether one was made is not known after a failure; the next look at the engine tells.
    const isGone = id !== undefined && (await engine.remove(id).catch(() => false))
    if (!isGone && isUncertain(error)) session.lost()
    throw error
  }
}

/** An answer is a refusal: nothing was made. */
function isUncertain(error: unknown): boolean {
  return !(error instanceof EngineError && error.failure === 'answer')
}

async function createNamed(
  { session, serverId, runtime, instance }: CreateOptions,
  body: unknown,
): Promise<{ id: string; name: string }> {
  const { engine } = session
  let namesakes = 0
  for (let tries = 0; tries < maxNamesakes; tries++) {
    const name = containerName(serverId, runtime, namesakes)
    try {
      return { id: await engine.create(name, body), name }
    } catch (error) {
      if (!isNameClash(error)) throw error
      if (runtime.container_name === undefined) continue
      const holder = await engine.inspect(name)
      if (holder === undefined) continue
      const found = holder.Config.Labels ?? {}
      if (found[labels.instance] !== instance) throw nameTaken(serverId, name, runtime.engine)
      if (session.live.has(found[labels.launch] ?? '')) namesakes += 1
      else await engine.remove(holder.Id)
    }
  }
  throw new GatewayError(
    'server_failed',
    `${serverId}: ${maxNamesakes} containers have its name already. Leave \`container_name\` out.`,
  )
}

/** With `container_name` the first has that name, and one that lives beside it gets a number. */
function containerName(serverId: string, runtime: DockerRuntime, namesakes: number): string {
  const asked = runtime.container_name
  if (asked === undefined) return `mcp-${serverId}-${randomBytes(3).toString('hex')}`
  return namesakes === 0 ? asked : `${asked}-${namesakes + 1}`
}

function isNameClash(error: unknown): boolean {
  return error instanceof EngineError && /\bname\b.*\bin use\b/i.test(error.message)
}

function nameTaken(serverId: string, name: string, command: string): GatewayError {
  return new GatewayError(
    'server_failed',
    `${serverId}: a container named '${name}' exists that is not this gateway's, and it is left alone. Choose another \`container_name\`, or remove it: ${command} rm -f ${name}`,
  )
}

function lacksInit(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    /docker-init|container-init|catatonit/i.test(error.message) &&
    /not found|no such file/i.test(error.message)
  )
}
