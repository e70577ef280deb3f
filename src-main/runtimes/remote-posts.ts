import { asGatewayError } from '../../src-shared/errors.ts'
import { answeredId, type CarrierContext, type Outgoing } from './remote-carrier.ts'
import { wholeBody, type RemoteAnswer } from './remote-exchange.ts'
import { RemoteFailure, statusError } from './remote-failure.ts'
import { ConnectionSlots } from './remote-slots.ts'

/** A notification or an answer of ours that the server has not accepted by then is given up. */
const acceptTimeoutMs = 30_000
const errorBodyMaxBytes = 1024 * 1024
const errorBodyTimeoutMs = 5_000

/** One message while it is being delivered and, for a request over Streamable HTTP, until it is answered. */
export interface Delivery {
  readonly message: Outgoing
  readonly signal: AbortSignal
  /** From here on a byte of it may have reached the server. */
  sending(): void
  /** Lets the next request have the connection. */
  release(): void
}

/** The POSTs under way: so many requests at once, and how each can be given up. */
export class RemotePosts {
  readonly #context: CarrierContext
  readonly #slots: ConnectionSlots
  readonly #running = new Set<AbortController>()
  readonly #unsent = new Set<number>()
  readonly #byId = new Map<number, AbortController>()

  constructor(context: CarrierContext) {
    this.#context = context
    this.#slots = new ConnectionSlots(context.maxConnections)
  }

  /**
   * Runs `deliver` when it is the message's turn, and tells the host of what it throws. Notifications and answers to
   * the server wait for nobody: they may be what a waiting request needs.
   */
  async run(message: Outgoing, deliver: (delivery: Delivery) => Promise<void>): Promise<void> {
    const { id } = message
    const controller = new AbortController()
    const { signal } = controller
    this.#running.add(controller)
    if (id !== undefined) {
      this.#byId.set(id, controller)
      this.#unsent.add(id)
    }
    let release = () => {}
    const cancelTimeout =
      id === undefined
        ? this.#context.clock.after(acceptTimeoutMs, () => {
            controller.abort()
            this.#context.host.log(
              'The server did not accept a notification in time; it was dropped.',
            )
          })
        : () => {}
    try {
      const isStream = message.headers?.['mcp-method'] === 'subscriptions/listen'
      if (id !== undefined && !isStream) release = await this.#slots.take(signal)
      await deliver({
        message,
        signal,
        sending: () => id !== undefined && this.#unsent.delete(id),
        release: () => release(),
      })
    } catch (thrown) {
      if (signal.aborted) return
      this.fail(message, thrown)
    } finally {
      cancelTimeout()
      release()
      this.#running.delete(controller)
      if (id !== undefined) {
        this.#byId.delete(id)
        this.#unsent.delete(id)
      }
    }
  }

  fail(message: Outgoing, thrown: unknown): void {
    const { host } = this.#context
    const failure =
      thrown instanceof RemoteFailure ? thrown : new RemoteFailure(asGatewayError(thrown), true)
    if (message.id === undefined) host.log(`A notification was not delivered. ${failure.message}`)
    else host.failed(message.id, failure.error, failure.reached)
  }

  forget(id: number): void {
    this.#byId.get(id)?.abort()
  }

  unsent(): number[] {
    return [...this.#unsent]
  }

  abort(): void {
    for (const controller of this.#running) controller.abort()
  }
}

/** The start of an error's body, read within limits. */
export async function errorBody(context: CarrierContext, answer: RemoteAnswer): Promise<Buffer> {
  const cancel = context.clock.after(errorBodyTimeoutMs, () => answer.body.destroy())
  const { bytes } = await wholeBody(answer.body, errorBodyMaxBytes)
  cancel()
  return bytes
}

/**
 * An HTTP error as an answer: a body that is the JSON-RPC error response to our request is handed on as it is, all
 * else becomes a RemoteFailure.
 */
export function deliverRefusal(
  context: CarrierContext,
  message: Outgoing,
  answer: RemoteAnswer,
  body: Buffer,
  notFoundHint: string,
): void {
  if (message.id !== undefined && answeredId(body) === message.id) {
    context.host.message(body, message.id)
    return
  }
  throw refusal(context, 'POST', answer, body, notFoundHint)
}

export function refusal(
  context: CarrierContext,
  method: string,
  answer: RemoteAnswer,
  body: Buffer,
  notFoundHint: string,
): RemoteFailure {
  const { status, headers } = answer
  const wallMs = context.clock.wall()
  const error = statusError(context.target, { method, status, headers, body, wallMs, notFoundHint })
  return new RemoteFailure(error, true)
}
