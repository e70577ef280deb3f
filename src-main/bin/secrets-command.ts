import { z } from 'zod'
import { secretNamePattern } from '../../src-shared/secret-notation.ts'
import { secretPlace, secretRow } from '../../src-shared/secret.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { GatewayInfo } from '../host/gateway-claim.ts'
import { lazySecrets } from '../secrets/lazy-secrets.ts'
import { UsageError } from './flags.ts'
import { callGateway } from './gateway-request.ts'
import { readSecretValue } from './secret-prompt.ts'

interface Surroundings {
  /** The one that runs with this state; it keeps the secrets then, and takes a change at once. */
  gateway: GatewayInfo | undefined
  key: () => string
  stateDir: string
  json: boolean
}

type Act = (surroundings: Surroundings) => Promise<number>

/** The keychain may ask the person first. */
const answerLimitMs = 90_000

const places = { keychain: 'the keychain', file: 'the encrypted file' } as const

/** `gateway secrets …`. Throws UsageError for words that make no sense. */
export function secretsCommand([what, name, ...more]: readonly string[]): Act {
  if (what === 'list' && name === undefined) return list
  if (what !== 'set' && what !== 'rm')
    throw new UsageError(
      'Say gateway secrets list, gateway secrets set NAME or gateway secrets rm NAME.',
    )
  if (name === undefined || more.length > 0)
    throw new UsageError(
      `gateway secrets ${what} takes one NAME.` +
        (what === 'set' && more.length > 0
          ? ' The value is asked for, or read from the input: on a command line others could see it.'
          : ''),
    )
  if (!secretNamePattern.test(name))
    throw new UsageError(
      `'${name}' cannot be the name of a secret: letters, digits, '_', '.' and '-', at most 128.`,
    )
  return what === 'set' ? (around) => set(name, around) : (around) => remove(name, around)
}

async function list({ gateway, key, stateDir, json }: Surroundings): Promise<number> {
  const answer = z.object({ secrets: z.array(secretRow), problem: z.string().nullable() })
  const found = gateway
    ? answer.parse(await callGateway(gateway, key(), 'secrets.list', {}, answerLimitMs))
    : answer.parse(withoutUse(await lazySecrets(stateDir).list()))
  if (json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`)
  else
    for (const { name, store, used_by } of found.secrets) {
      const where = store === null ? 'not set' : places[store]
      const users = used_by.length > 0 ? `, used by ${used_by.join(', ')}` : ''
      process.stdout.write(`${name}  (${where}${users})\n`)
    }
  if (found.problem !== null) process.stderr.write(`Some may be missing here. ${found.problem}\n`)
  return 0
}

/** Which servers use a secret, only a gateway that runs can tell. */
function withoutUse({ secrets, problem }: { secrets: object[]; problem: string | null }): unknown {
  return { secrets: secrets.map((secret) => ({ ...secret, used_by: [] })), problem }
}

async function set(name: string, { gateway, key, stateDir }: Surroundings): Promise<number> {
  const value = await readSecretValue(`Value of ${name} (it is not shown): `)
  if (value === '') throw new GatewayError('bad_request', 'No value was given; nothing is changed.')
  const answer = z.object({ store: secretPlace, note: z.string().nullable() })
  const { store, note } = gateway
    ? answer.parse(await callGateway(gateway, key(), 'secrets.set', { name, value }, answerLimitMs))
    : await lazySecrets(stateDir).set(name, value)
  process.stdout.write(`${name} is set, in ${places[store]}. In the catalog: \${secret:${name}}\n`)
  if (note !== null) process.stderr.write(`${note}\n`)
  return 0
}

async function remove(name: string, { gateway, key, stateDir }: Surroundings): Promise<number> {
  if (gateway) await callGateway(gateway, key(), 'secrets.remove', { name }, answerLimitMs)
  else if (!(await lazySecrets(stateDir).remove(name)))
    throw new GatewayError('not_found', `There is no secret ${name}.`)
  process.stdout.write(`${name} is removed.\n`)
  return 0
}
