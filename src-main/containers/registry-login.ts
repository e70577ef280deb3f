import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { EngineSurroundings } from './engine-address.ts'

const hubRegistry = 'https://index.docker.io/v1/'
const helperMs = 10_000

const dockerConfig = z.object({
  auths: z
    .record(
      z.string(),
      z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }).nullish(),
    )
    .nullish(),
  credsStore: z.string().nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
})
const credential = z.object({ Username: z.string(), Secret: z.string() })

/**
 * What `docker login` has left for the registry of this image, as the header `X-Registry-Auth` wants it; undefined where
 * nobody has logged in. Never rejects: without a login the registry says what is wrong.
 */
export async function registryLogin(
  image: string,
  { lookup, homedir }: EngineSurroundings,
): Promise<string | undefined> {
  const registry = registryOf(image)
  const folder = lookup('DOCKER_CONFIG') || path.join(homedir, '.docker')
  const config = await readConfig(path.join(folder, 'config.json'))
  if (config === undefined) return undefined
  const helper = config.credHelpers?.[registry] ?? config.credsStore ?? undefined
  if (helper !== undefined && /^[\w.-]+$/.test(helper)) {
    const found = await askHelper(`docker-credential-${helper}`, registry)
    if (found !== undefined) return header(registry, found.Username, found.Secret)
  }
  const entry = config.auths?.[registry] ?? config.auths?.[`https://${registry}`]
  if (entry?.identitytoken) return header(registry, '<token>', entry.identitytoken)
  const plain = Buffer.from(entry?.auth ?? '', 'base64').toString('utf8')
  const colon = plain.indexOf(':')
  return colon > 0 ? header(registry, plain.slice(0, colon), plain.slice(colon + 1)) : undefined
}

/** The first part of a name is a registry if it looks like a host; else it is Docker Hub's. */
function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/')
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  return isHost && first !== 'docker.io' ? first : hubRegistry
}

function header(registry: string, username: string, secret: string): string {
  // Helpers give a token with this name in the user's place.
  const who = username === '<token>' ? { identitytoken: secret } : { username, password: secret }
  const plain = Buffer.from(JSON.stringify({ ...who, serveraddress: registry }))
  // With the padding that `base64url` leaves out and Docker wants.
  return plain.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

async function readConfig(file: string): Promise<z.infer<typeof dockerConfig> | undefined> {
  try {
    return dockerConfig.safeParse(JSON.parse(await readFile(file, 'utf8'))).data
  } catch {
    return undefined
  }
}

/** The protocol of Docker's credential helpers: the registry on stdin, JSON on stdout. */
function askHelper(
  program: string,
  registry: string,
): Promise<z.infer<typeof credential> | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: helperMs,
      windowsHide: true,
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(0, 100_000)))
    child.stdin.on('error', () => {})
    child.once('error', () => resolve(undefined))
    child.once('close', () => {
      try {
        resolve(credential.safeParse(JSON.parse(text)).data)
      } catch {
        resolve(undefined)
      }
    })
    child.stdin.end(registry)
  })
}
