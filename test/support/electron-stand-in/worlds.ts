/**
 * Runs in the page, before any of its own scripts: `mainWorld` in the page's world, `isolatedWorld` with the preload
 * script in a world of its own, as Electron has it. Both are sent as text, so they use nothing from outside. What
 * crosses between them is JSON in events of the document, delivered at once, so that bridged functions answer at once.
 */

export const worldName = 'Electron Isolated Context'
/** The way from the isolated world to the main process. */
export const bindingName = '__standInPost'

interface Shape {
  fn?: number
  members?: Record<string, Shape>
  value?: unknown
}

interface Ask {
  call: number
  args: Shape[]
}

interface Outcome {
  value?: Shape
  /** A promise: settled later by `settle`. */
  promise?: number
  error?: string
}

export function mainWorld(): void {
  const callbacks: ((...args: unknown[]) => unknown)[] = []
  const waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (e: Error) => void }
  >()
  let outcome: Outcome | undefined

  const say = (kind: string, detail: unknown): boolean =>
    document.dispatchEvent(new CustomEvent(`stand-in:${kind}`, { detail: JSON.stringify(detail) }))
  const hear = (kind: string, fn: (detail: never) => void): void =>
    document.addEventListener(`stand-in:${kind}`, (event) => {
      if (event instanceof CustomEvent) fn(JSON.parse(String(event.detail)) as never)
    })

  const wrap = (value: unknown): Shape =>
    typeof value === 'function' ? { fn: callbacks.push(value as () => unknown) - 1 } : { value }

  const build = (shape: Shape): unknown => {
    const { fn, members } = shape
    if (members !== undefined)
      return Object.freeze(
        Object.fromEntries(Object.entries(members).map(([key, inner]) => [key, build(inner)])),
      )
    if (fn === undefined) return shape.value
    return (...args: unknown[]): unknown => {
      outcome = undefined
      say('call', { call: fn, args: args.map(wrap) } satisfies Ask)
      const got: Outcome = outcome ?? { error: 'The preload script did not answer.' }
      if (got.error !== undefined) throw new Error(got.error)
      if (got.promise === undefined) return build(got.value ?? {})
      const id = got.promise
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
    }
  }

  // Electron asks before there is a window; Chromium tells when there is one. So the page does not get that far.
  const open = (url: string): void => void say('open', new URL(url, document.baseURI).href)
  window.open = (url) => {
    open(String(url ?? 'about:blank'))
    return null
  }
  const follow = (event: MouseEvent): void => {
    const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement)
    if (link === undefined || event.defaultPrevented) return
    const isElsewhere = event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey
    if (!isElsewhere && !['_blank', '_new'].includes(link.target)) return
    event.preventDefault()
    open(link.href)
  }
  window.addEventListener('click', follow)
  window.addEventListener('auxclick', follow)

  hear('expose', ({ key, shape }: { key: string; shape: Shape }) => {
    Object.defineProperty(globalThis, key, { value: build(shape), enumerable: true })
  })
  hear('outcome', (found: Outcome) => (outcome = found))
  hear('settle', ({ id, value, error }: { id: number; value?: Shape; error?: string }) => {
    const promise = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) promise?.resolve(build(value ?? {}))
    else promise?.reject(new Error(error))
  })
  hear('callback', ({ call, args }: Ask) => void callbacks[call]?.(...args.map(build)))
}

type Preload = (
  require: (name: string) => unknown,
  module: { exports: object },
  exports: object,
  process: object,
) => void

export function isolatedWorld(preload: Preload, process: object, binding: string): void {
  type Listener = (event: object, ...args: unknown[]) => void
  const functions: ((...args: unknown[]) => unknown)[] = []
  const listeners = new Map<string, Listener[]>()
  const pending = new Map<number, { resolve: (v: unknown) => void; reject: (e: Error) => void }>()
  let lastId = 0

  const say = (kind: string, detail: unknown): boolean =>
    document.dispatchEvent(new CustomEvent(`stand-in:${kind}`, { detail: JSON.stringify(detail) }))

  const wrap = (value: unknown): Shape => {
    if (typeof value === 'function') return { fn: functions.push(value as () => unknown) - 1 }
    const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isPlain) return { value }
    const members = Object.entries(value).map(([key, inner]) => [key, wrap(inner)] as const)
    return { members: Object.fromEntries(members) }
  }
  const unwrap = ({ fn, value }: Shape): unknown =>
    fn === undefined
      ? value
      : (...args: unknown[]) => say('callback', { call: fn, args: args.map(wrap) })

  document.addEventListener('stand-in:call', (event) => {
    if (!(event instanceof CustomEvent)) return
    const { call, args }: Ask = JSON.parse(String(event.detail))
    try {
      const result = functions[call]?.(...args.map(unwrap))
      if (!(result instanceof Promise)) {
        say('outcome', { value: wrap(result) })
        return
      }
      const id = ++lastId
      say('outcome', { promise: id })
      result.then(
        (value: unknown) => say('settle', { id, value: wrap(value) }),
        (error: unknown) => say('settle', { id, error: messageOf(error) }),
      )
    } catch (error) {
      say('outcome', { error: messageOf(error) })
    }
  })
  function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error)
  }

  document.addEventListener('stand-in:open', (event) => {
    if (event instanceof CustomEvent) post({ open: JSON.parse(String(event.detail)) as unknown })
  })
  const post = (message: object): void => {
    const send: unknown = Reflect.get(globalThis, binding)
    if (typeof send === 'function') send(JSON.stringify(message))
  }
  const ipcRenderer = {
    invoke: (channel: string, ...args: unknown[]) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        pending.set(id, { resolve, reject })
        post({ id, channel, args })
      }),
    on: (channel: string, listener: Listener) => {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      return ipcRenderer
    },
    off: (channel: string, listener: Listener) => {
      listeners.set(
        channel,
        (listeners.get(channel) ?? []).filter((other) => other !== listener),
      )
      return ipcRenderer
    },
  }
  /** Called by the main process. */
  Object.defineProperty(globalThis, '__standInReceive', {
    value: (message: {
      id?: number
      value?: unknown
      error?: string
      channel?: string
      args?: unknown[]
    }) => {
      const { id, channel = '', args = [] } = message
      if (id === undefined) {
        for (const listener of listeners.get(channel) ?? []) listener({}, ...args)
        return
      }
      const promise = pending.get(id)
      pending.delete(id)
      if (message.error === undefined) promise?.resolve(message.value)
      else promise?.reject(new Error(message.error))
    },
  })
  const contextBridge = {
    exposeInMainWorld: (key: string, api: unknown) => say('expose', { key, shape: wrap(api) }),
  }
  const electron = new Proxy(
    { contextBridge, ipcRenderer },
    {
      get(object, key) {
        if (key in object) return Reflect.get(object, key) as unknown
        throw new Error(`The stand-in for Electron has no ${String(key)} for preload scripts.`)
      },
    },
  )
  const module = { exports: {} }
  preload(
    (name) => {
      if (name === 'electron' || name === 'electron/renderer') return electron
      throw new Error(`module not found: ${name}`)
    },
    module,
    module.exports,
    process,
  )
}
