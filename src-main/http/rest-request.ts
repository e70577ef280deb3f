import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { GatewayError } from '../../src-shared/errors.ts'
import { readBody } from './body.ts'

const jsonLimitBytes = 1024 * 1024
const catalogLimitBytes = 16 * 1024 * 1024

/** Far deeper than any entry of a catalog, and safe for what walks it. */
const maxDepth = 100

const jsonObject = z.record(z.string(), z.unknown())
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The body as a JSON object, whatever its content type says. Errors: `parse_error`, `bad_request`, those of `readBody`. */
export async function readJsonObject(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parsed = jsonObject.safeParse(await readJson(request, jsonLimitBytes))
  if (!parsed.success) throw new GatewayError('bad_request', 'The body must be a JSON object.')
  return parsed.data
}

/** The body as a JSON value. Errors: `parse_error`, `bad_request`, those of `readBody`. */
export async function readJson(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  const text = await readText(request, limitBytes)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new GatewayError('parse_error', `The body is not JSON: ${why}.`, { cause: error })
  }
  if (isDeeperThan(maxDepth, value))
    throw new GatewayError('bad_request', `The body is nested deeper than ${maxDepth} levels.`)
  return value
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(levels - 1, item))
}

/** The body as the text of a catalog. Errors: `bad_request` if it is not UTF-8, those of `readBody`. */
export function readCatalogText(request: IncomingMessage): Promise<string> {
  return readText(request, catalogLimitBytes)
}

function readText(request: IncomingMessage, limitBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    readBody(request, limitBytes, (error, body) => {
      if (error !== null) {
        reject(error)
        return
      }
      try {
        resolve(utf8.decode(body))
      } catch (cause) {
        reject(new GatewayError('bad_request', 'The body is not UTF-8.', { cause }))
      }
    })
  })
}

/** The ETags of If-Match; undefined if there is no such header or it is `*` (anything goes). */
export function ifMatch(request: IncomingMessage): string[] | undefined {
  const header = request.headers['if-match']?.trim()
  if (header === undefined || header === '*') return undefined
  return header.split(',').map((each) => each.trim())
}
