import { volumePattern } from '../../src-shared/container-notation.ts'
import { dockerRuntime } from '../../src-shared/docker-runtime.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import type { SnippetTexts } from './snippet-templates.ts'

const note =
  'The gateway runs this container itself, without capabilities and new privileges. A server that needs them has to be a local process, with the command docker.'

/** What a command line says of a container, its texts as they stand there. */
export interface DockerRun {
  runtime: JsonRecord
  /** Undefined: the value of the variable of this name where the command runs. */
  env: ReadonlyMap<string, string | undefined>
  envFile: string | undefined
}

/** Undefined for another program, and for an option that the catalog cannot say. */
export function readDockerRun({
  command,
  args,
  folder,
}: {
  command: string
  args: readonly string[]
  folder: string | undefined
}): DockerRun | undefined {
  const [, engine] = /^(?:.*[\\/])?(docker|podman)(?:\.exe)?$/i.exec(command) ?? []
  if (engine === undefined) return undefined
  const words = [...args]
  if (words[0] === 'container') words.shift()
  if (words.shift() !== 'run') return undefined
  const options = readOptions(words)
  if (options === undefined) return undefined
  const { env, envFile, volumes } = options
  const [image, ...own] = words
  const runtime = {
    type: 'docker',
    ...(engine.toLowerCase() === 'podman' && { engine: 'podman' }),
    image,
    ...(own.length > 0 && { args: own }),
    ...options.runtime,
    ...(volumes.length > 0 && { volumes }),
  }
  const isRelative = volumes.some((volume) => volume.startsWith('.'))
  if (isRelative && folder !== undefined) return undefined
  return dockerRuntime.safeParse(runtime).success ? { runtime, env, envFile } : undefined
}

/** Variables that lead the command itself to another engine. */
export function choosesEngine(names: readonly string[]): boolean {
  return names.some((name) => /^(?:DOCKER|CONTAINER)_/.test(name))
}

/**
 * `runtime` and variables of the entry that does what `docker run` did; the gateway starts, watches and removes the
 * container. `given`: the variables of the command itself, which hands over those that an option names.
 */
export function containerStart(
  run: DockerRun,
  given: { env: Readonly<Record<string, string>>; inherited: readonly string[] },
  texts: SnippetTexts,
): JsonRecord {
  const env: Record<string, string> = {}
  const fromOutside: string[] = []
  for (const [name, value] of run.env) {
    const known = Object.hasOwn(given.env, name) ? given.env[name] : undefined
    if (value !== undefined) env[name] = texts.variable(value, name)
    else if (known !== undefined) env[name] = known
    else fromOutside.push(name)
  }
  const lost = [...Object.keys(given.env), ...given.inherited].filter((name) => !run.env.has(name))
  if (lost.length > 0)
    texts.notes.add(
      `Left out, since \`docker run\` did not hand it to the container: ${lost.join(', ')}.`,
    )
  texts.notes.add(note)
  const runtime = Object.entries(run.runtime).map(([key, value]) => [key, translated(value, texts)])
  return {
    runtime: Object.fromEntries(runtime),
    ...(Object.keys(env).length > 0 && { env }),
    ...(run.envFile !== undefined && { env_file: texts.text(run.envFile) }),
    ...(fromOutside.length > 0 && { inherit_env: fromOutside }),
  }
}

function translated(value: unknown, texts: SnippetTexts): unknown {
  if (Array.isArray(value)) return value.map((item) => translated(item, texts))
  return typeof value === 'string' ? texts.text(value) : value
}

interface Options extends Pick<DockerRun, 'envFile' | 'runtime'> {
  env: Map<string, string | undefined>
  volumes: string[]
}

const members: Readonly<Record<string, string>> = {
  '--name': 'container_name',
  '--network': 'network',
  '--net': 'network',
  '--memory': 'memory',
  '-m': 'memory',
  '--cpus': 'cpus',
  '--user': 'user',
  '-u': 'user',
}

/** What every container of the gateway is or does anyway, or what means nothing to it. */
const flags = /^(?:--rm|--init|--interactive|--tty|--quiet|-[itq]+)(?:=true)?$/
const pairs: Readonly<Record<string, RegExp>> = {
  '--attach': /^std(?:in|out|err)$/i,
  '-a': /^std(?:in|out|err)$/i,
  '--pull': /^missing$/,
  '--log-driver': /./,
  '--label': /./,
  '-l': /./,
  '--cap-drop': /./,
  '--security-opt': /^no-new-privileges(?:[:=]true)?$/,
  '--add-host': /^host\.docker\.internal:host-gateway$/,
}

/** Takes the options off the front of `words`. */
function readOptions(words: string[]): Options | undefined {
  const options: Options = { env: new Map(), envFile: undefined, runtime: {}, volumes: [] }
  while (words[0]?.startsWith('-') === true) {
    const word = words.shift() ?? ''
    if (word === '--') break
    if (flags.test(word)) continue
    if (/^--read-only(?:=true)?$/.test(word)) options.runtime['read_only'] = true
    else {
      const [, name = word, joined] =
        /^(--[\w-]+)=(.*)$/s.exec(word) ?? /^(-[evmula])=?(.+)$/s.exec(word) ?? []
      const value = joined ?? words.shift()
      if (value === undefined || !takeOption(name, value, options)) return undefined
    }
  }
  return options
}

function takeOption(name: string, value: string, options: Options): boolean {
  if (name === '-e' || name === '--env') {
    const [, variable = '', text] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(value) ?? []
    options.env.set(variable, text)
    return variable !== ''
  }
  if (name === '--env-file') {
    if (options.envFile !== undefined) return false
    options.envFile = value
    return true
  }
  if (name === '-v' || name === '--volume' || name === '--mount') {
    const volume = name === '--mount' ? volumeOf(value) : value
    // `$PWD` is a shell's, and there is none here.
    if (volume === undefined || !volumePattern.test(volume) || /\$(?!\{)/.test(volume)) return false
    options.volumes.push(volume)
    return true
  }
  const member = members[name]
  if (member === undefined) return pairs[name]?.test(value) === true
  options.runtime[member] = member === 'cpus' ? Number(value) : value
  return true
}

/** `type=bind,source=/a,target=/b,readonly` as `/a:/b:ro`. */
function volumeOf(mount: string): string | undefined {
  let source: string | undefined
  let target: string | undefined
  let isReadOnly = false
  for (const part of mount.split(',')) {
    const [key = '', value = 'true'] = part.split(/=(.*)/s)
    if (key === 'type' && /^(?:bind|volume)$/.test(value)) continue
    if (key === 'source' || key === 'src') source = value
    else if (key === 'target' || key === 'dst' || key === 'destination') target = value
    else if (key === 'readonly' || key === 'ro') isReadOnly = value === 'true' || value === '1'
    else return undefined
  }
  return source && target && `${source}:${target}${isReadOnly ? ':ro' : ''}`
}
