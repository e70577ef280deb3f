import { EventEmitter } from 'node:events'

/** What the engine and inspectors ask of any object. */
const asked = new Set(['then', 'toJSON', 'constructor', 'inspect', 'nodeType', '__esModule'])

/** `target`, but touching what is not there throws instead of being undefined. */
export function strict<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get(object, key, receiver) {
      if (typeof key === 'string' && !(key in object) && !asked.has(key))
        throw notImplemented(`${name}.${key}`)
      return Reflect.get(object, key, receiver)
    },
  })
}

export function notImplemented(what: string): Error {
  return new Error(
    `The stand-in for Electron has no ${what}. Add it in test/support/electron-stand-in/.`,
  )
}

/** Listening to an event that is never emitted throws. */
export class StrictEmitter extends EventEmitter {
  private readonly label: string
  private readonly known: ReadonlySet<string>

  constructor(label: string, events: readonly string[]) {
    super()
    this.label = label
    this.known = new Set(events)
    this.setMaxListeners(0)
  }

  override on(event: string, listener: (...args: never[]) => void): this {
    if (!this.known.has(event)) throw notImplemented(`event '${event}' of ${this.label}`)
    return super.on(event, listener as (...args: unknown[]) => void)
  }

  override addListener(event: string, listener: (...args: never[]) => void): this {
    return this.on(event, listener)
  }

  /** Emits an event that listeners can prevent; true if one did. */
  emitPreventable(event: string, ...args: unknown[]): boolean {
    const object = new PreventableEvent()
    this.emit(event, object, ...args)
    return object.defaultPrevented
  }

  /** The same for events whose details are members of the event. */
  emitPreventableWith(event: string, details: object, ...args: unknown[]): boolean {
    const object = Object.assign(new PreventableEvent(), details)
    this.emit(event, object, ...args)
    return object.defaultPrevented
  }
}

class PreventableEvent {
  defaultPrevented = false
  preventDefault(): void {
    this.defaultPrevented = true
  }
}
