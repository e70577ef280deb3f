import { inspect, styleText } from 'node:util'
import type { LogLevel } from '../../src-shared/config.ts'
import type { Redactor } from './redact.ts'

/** Structured log, pino's shape: fields first, then a sentence. Secrets are masked before anything is written. */
export interface Log {
  trace(fields: object, message: string): void
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** For tests and embedders that want silence. */
export const silentLog: Log = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
}

/** Where lines go; `process.stderr` is one. */
export interface LogStream {
  write(text: string): unknown
  on(event: 'error', fn: (error: Error) => void): unknown
}

export interface LogOptions {
  /** Asked for each line, so that it may change while the gateway runs. */
  level: LogLevel | (() => LogLevel)
  redactor: Redactor
  /** Default stderr: stdout belongs to the program's output. */
  stream?: 'stderr' | 'stdout' | LogStream
  /** For eyes instead of programs: one line `12:34:56 INFO  message key=value`. */
  pretty: boolean
  /** Wall clock in ms; default Date.now. */
  wall?: () => number
}

/** A value longer than this says nothing more; the line stays readable, and memory bounded. */
const maximumValueLength = 8 * 1024
const maximumLineLength = 64 * 1024

/** Written out here, so that the log does not load the schemas of the config. */
const weights: Record<LogLevel, number> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 }

const colours = {
  trace: 'gray',
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
} as const

/**
 * One JSON object a line: `time` (ISO 8601), `level`, the fields, `message`. Written at once, so that the last words
 * before a crash are out. An own writer because a logging library takes a seventh of the whole start time.
 */
export function createLog(options: LogOptions): Log {
  const { redactor, wall = Date.now } = options
  let stream: LogStream | undefined

  function write(level: LogLevel, fields: object, message: string): void {
    const time = new Date(wall()).toISOString()
    const line = options.pretty
      ? prettyLine(time, level, fields, message)
      : jsonLine(time, level, fields, message)
    stream ??= openStream(options.stream ?? 'stderr')
    stream.write(`${redactor.redact(line)}\n`)
  }

  const { level: wanted } = options
  const least = typeof wanted === 'function' ? wanted : () => wanted
  const at =
    (level: LogLevel): Log[LogLevel] =>
    (fields, message) => {
      if (weights[level] >= weights[least()]) write(level, fields, message)
    }
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}

function openStream(wanted: 'stderr' | 'stdout' | LogStream): LogStream {
  const stream: LogStream =
    wanted === 'stderr' ? process.stderr : wanted === 'stdout' ? process.stdout : wanted
  // The reader of a pipe may go away; a gateway does not end for want of an audience.
  stream.on('error', () => {})
  return stream
}

function jsonLine(time: string, level: LogLevel, fields: object, message: string): string {
  try {
    const line = JSON.stringify({ time, level, ...fields, message }, plain)
    if (line.length <= maximumLineLength) return line
  } catch {
    // Circular, or a toJSON that throws: told as text below.
  }
  const text = inspect(fields, { depth: 2, breakLength: Infinity, maxStringLength: 200 })
  return JSON.stringify({ time, level, fields: clip(text), message: clip(message) })
}

function prettyLine(time: string, level: LogLevel, fields: object, message: string): string {
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${prettyValue(value)}`)
  const head = coloured(colours[level], level.toUpperCase().padEnd(5))
  return `${time.slice(11, 19)} ${head} ${clip(message)}${coloured('gray', rest.join(''))}`
}

/** Whoever asked for a pretty log has looked whether it is a terminal; what is left is the user's own wish. */
function coloured(colour: (typeof colours)[LogLevel], text: string): string {
  if ((process.env.NO_COLOR ?? '') !== '') return text
  return styleText(colour, text, { validateStream: false })
}

function prettyValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return clip(value)
  if (value instanceof Error) return clip(value.stack ?? value.message)
  try {
    return clip(JSON.stringify(value, plain) ?? 'undefined')
  } catch {
    return clip(inspect(value, { depth: 2, breakLength: Infinity, maxStringLength: 200 }))
  }
}

/** What JSON has no word for: errors, big integers, functions; and what is too long. */
function plain(_key: string, value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return clip(value)
    case 'bigint':
      return value.toString()
    case 'function':
      return '[function]'
    default:
      return value instanceof Error ? plainError(value) : value
  }
}

function plainError(error: Error): Record<string, unknown> {
  const code = 'code' in error ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: error.cause }
  return { name: error.name, message: error.message, ...code, stack: error.stack, ...cause }
}

function clip(text: string): string {
  return text.length <= maximumValueLength ? text : `${text.slice(0, maximumValueLength)}…`
}
