import type { ServerDefinition } from '../../src-shared/catalog.ts'
import { asGatewayError } from '../../src-shared/errors.ts'
import { secretName } from '../catalog/interpolate.ts'
import type { ResolvedServer } from '../catalog/resolve.ts'
import type { Knowledge } from '../mcp/listing-store.ts'

/** A definition with its variables resolved, and what is known of the server that it launches. */
export interface Prepared {
  resolved: ResolvedServer
  knowledge: Knowledge
}

export interface PreparationOptions {
  resolve: (definition: ServerDefinition) => Promise<ResolvedServer>
  /** Never rejects. */
  load: (fingerprint: string) => Promise<Knowledge>
  /** What is in force has changed. */
  changed: () => void
}

/** What a new definition means, worked out beforehand so that a reload's swap is short. */
export interface Plan {
  definition: ServerDefinition
  /** Undefined if nobody has needed the server yet. */
  prepared: Prepared | undefined
  /** True if what would be launched is another. */
  changed: boolean
}

/** Why it cannot be launched, for people; undefined if it can. */
export function misconfiguration({ missing, problems }: ResolvedServer): string | undefined {
  const variables = missing.filter((name) => secretName(name) === undefined)
  const names = variables.map((name) => `\${${name}}`).join(', ')
  const [are, them] = variables.length > 1 ? ['are', 'them'] : ['is', 'it']
  const unset = `${names} ${are} not set. Set ${them} in the environment, or give a default: \${NAME:-value}.`
  const secrets = missing.flatMap((name) => secretName(name) ?? [])
  const all = [
    ...(variables.length > 0 ? [unset] : []),
    ...secrets.map((name) => `Secret ${name} is not set. Set it: gateway secrets set ${name}`),
    ...problems,
  ]
  return all.length > 0 ? all.join(' ') : undefined
}

/** What is launched for a server: prepared once a definition, when it is first needed. */
export class Preparation {
  readonly #options: PreparationOptions
  #definition: ServerDefinition
  #current: Prepared | undefined
  /** An edit that cannot be launched waits here until the instance from before it is gone. */
  #held: Prepared | undefined
  #running: Promise<Prepared> | undefined

  constructor(definition: ServerDefinition, options: PreparationOptions) {
    this.#definition = definition
    this.#options = options
  }

  get current(): Prepared | undefined {
    return this.#current
  }

  /** True while an edit waits for the end of what runs. */
  get isHolding(): boolean {
    return this.#held !== undefined
  }

  /** Resolves variables and reads what is known. Never rejects. */
  ready(): Promise<Prepared> {
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<Prepared> {
    const definition = this.#definition
    const prepared = await this.#prepare(definition)
    // Another one was taken meanwhile.
    if (definition !== this.#definition) return this.ready()
    this.#current = prepared
    this.#options.changed()
    return prepared
  }

  async #prepare(definition: ServerDefinition, before?: Prepared): Promise<Prepared> {
    const { resolve, load } = this.#options
    const resolved = await resolve(definition).catch((error: unknown) =>
      unresolvable(definition, asGatewayError(error).message),
    )
    const isSame = before?.resolved.fingerprint === resolved.fingerprint
    return { resolved, knowledge: isSame ? before.knowledge : await load(resolved.fingerprint) }
  }

  /** Changes nothing. Never rejects. */
  async plan(definition: ServerDefinition): Promise<Plan> {
    const before = this.#current ?? (this.#running && (await this.#running))
    if (before === undefined) {
      const changed = launchFields(this.#definition) !== launchFields(definition)
      return { definition, prepared: undefined, changed }
    }
    const prepared = await this.#prepare(definition, before)
    const changed =
      before.resolved.fingerprint !== prepared.resolved.fingerprint ||
      misconfiguration(before.resolved) !== misconfiguration(prepared.resolved)
    return { definition, prepared, changed }
  }

  /** `keepInstance`: what runs stays what it is, although the new one cannot be launched. */
  take({ definition, prepared, changed }: Plan, keepInstance: boolean): void {
    this.#definition = definition
    this.#held = undefined
    if (!changed) {
      // Under way for the definition before, which launches the same.
      if (this.#current === undefined) this.#running = undefined
      return
    }
    if (keepInstance) {
      this.#held = prepared
      return
    }
    this.#current = prepared
    this.#running = prepared && Promise.resolve(prepared)
  }

  /** No instance runs any more: what was held comes into force. */
  release(): void {
    if (this.#held === undefined) return
    this.#current = this.#held
    this.#running = Promise.resolve(this.#held)
    this.#held = undefined
  }

  /** Looks again: what was missing may be there now. */
  again(): Promise<Prepared> {
    this.#current = undefined
    this.#running = undefined
    return this.ready()
  }
}

function launchFields({ runtime, env, env_file, inherit_env }: ServerDefinition): string {
  return JSON.stringify([runtime, env, env_file, inherit_env])
}

function unresolvable(definition: ServerDefinition, problem: string): ResolvedServer {
  return {
    launch: {
      serverId: definition.id,
      runtime: definition.runtime,
      env: {},
      inheritEnv: false,
      baseDir: '.',
    },
    fingerprint: `unresolved:${definition.id}`,
    missing: [],
    secrets: [],
    problems: [problem],
  }
}
