import type { z } from 'zod'
import { procedures } from '../../src-shared/api.ts'
import type { ApiEvent, ParsedInput, ProcedureName } from '../../src-shared/api.ts'
import { asGatewayError, GatewayError } from '../../src-shared/errors.ts'
import { CatalogError } from '../catalog/problem.ts'
import { accessProcedures } from './access.ts'
import { activityProcedures } from './activity.ts'
import { Calls } from './calls.ts'
import { catalogProcedures } from './catalog.ts'
import type {
  ApiCaller,
  CallContext,
  ManagementOptions,
  Parts,
  Procedure,
  ProceduresOf,
} from './context.ts'
import { clientProcedures } from './clients.ts'
import { containerProcedures } from './containers.ts'
import { ApiEvents } from './events.ts'
import { gatewayProcedures } from './gateway-state.ts'
import { secretProcedures } from './secrets.ts'
import { serverProcedures } from './servers.ts'
import { settingsProcedures } from './settings.ts'
import { signInProcedures } from './sign-in.ts'

/** The management API (`src-shared/api.ts`), for whichever carrier. */
export interface Management {
  /**
   * Runs one procedure. Rejects with GatewayError, its message fit to be shown: `not_found` (no such procedure),
   * `invalid_params` (names the field), or what the procedure throws.
   */
  call(name: string, input: unknown, caller: ApiCaller, signal?: AbortSignal): Promise<unknown>
  /** Events, of calls those of the caller's own session alone, until the returned function is called. */
  onEvent(fn: (event: ApiEvent) => void, caller: ApiCaller): () => void
}

/** `desktop.*` is the desktop app's own. */
type Available = { [N in ProcedureName]?: Procedure<N> }

const inputs: { [N in ProcedureName]: { input: z.ZodType<ParsedInput<N>> } } = procedures

export function createManagement(options: ManagementOptions): Management {
  const events = new ApiEvents(options)
  const { gateway, log } = options
  const redact = (text: string): string => options.redactor.redact(text)
  const parts: Parts = { ...options, redact, tell: (session, event) => events.emit(event, session) }
  const calls = new Calls({
    oneCall: gateway.oneCall,
    now: () => gateway.clock.now(),
    progress: (session, call_id, progress) =>
      parts.tell(session, { type: 'call_progress', call_id, ...progress }),
  })
  const own: Omit<Required<Available>, keyof ProceduresOf<'desktop'>> = {
    ...serverProcedures(parts, calls),
    ...catalogProcedures(parts),
    ...gatewayProcedures(parts),
    ...settingsProcedures(parts),
    ...secretProcedures(parts),
    ...signInProcedures(parts),
    ...accessProcedures(parts),
    ...activityProcedures(parts, calls),
    ...clientProcedures(parts),
    ...containerProcedures(parts),
  }
  const available: Available = own

  async function run<N extends ProcedureName>(
    name: N,
    input: unknown,
    context: CallContext,
  ): Promise<unknown> {
    const procedure: Procedure<N> | undefined = available[name]
    if (procedure === undefined) throw unknownProcedure(name)
    return procedure(parsedInput(name, input), context)
  }

  return {
    async call(name, input, caller, signal = new AbortController().signal) {
      try {
        if (!isProcedure(name)) throw unknownProcedure(name)
        return await run(name, input ?? {}, { caller, signal })
      } catch (error) {
        throw shownError(error)
      }
    },
    onEvent: (fn, caller) => events.follow(caller.session, fn),
  }

  /** What is not meant for the caller stays in the log. */
  function shownError(thrown: unknown): GatewayError {
    if (!(thrown instanceof GatewayError)) {
      log.error({ error: thrown }, 'A procedure of the management API failed.')
      return new GatewayError('internal', 'The gateway failed to answer. Its log says why.')
    }
    const { code, message, retryAfterSeconds } = asGatewayError(thrown)
    const data = thrown instanceof CatalogError ? { problems: thrown.problems } : thrown.data
    return new GatewayError(code, redact(message), {
      cause: thrown,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(data === undefined ? {} : { data }),
    })
  }
}

function isProcedure(name: string): name is ProcedureName {
  return Object.hasOwn(procedures, name)
}

function unknownProcedure(name: string): GatewayError {
  return new GatewayError('not_found', `There is no procedure '${name.slice(0, 100)}' here.`)
}

function parsedInput<N extends ProcedureName>(name: N, input: unknown): ParsedInput<N> {
  const result = inputs[name].input.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const field = issue?.path.map(String).join('.') ?? ''
  const where = field === '' ? 'The input' : `The field '${field}'`
  throw new GatewayError('invalid_params', `${where} of ${name} is not valid: ${issue?.message}.`, {
    data: { field },
  })
}
