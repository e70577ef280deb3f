import { describe, expect, test } from 'vitest'
import { literalSecrets, withSecretNames } from '../../src-main/ai-clients/import-secrets.ts'

const key = 'k3yOfSomebody0123'
const github = `ghp_${'a1B2'.repeat(9)}`

/** What is found in an entry: where, its name, and what stays of the text around it. */
function found(entry: object) {
  const whole = { id: 'git.hub', runtime: { type: 'local-process', command: 'x' }, ...entry }
  const secrets = literalSecrets(whole)
  const after = JSON.stringify(withSecretNames(whole, secrets))
  for (const { value } of secrets) expect(after).not.toContain(JSON.stringify(value).slice(1, -1))
  return secrets.map(({ place, where, name, value }) => [place, where, name, value])
}

const env = (values: Record<string, string>) => ({ env: values })
const args = (...words: string[]) => ({
  runtime: { type: 'local-process', command: 'x', args: words },
})
const remote = (url: string, headers = {}) => ({ runtime: { type: 'remote-http', url, headers } })

describe('what is a secret', () => {
  test.each([
    [
      'a telling name',
      env({ STRIPE_SECRET: key }),
      ['variable', 'STRIPE_SECRET', 'STRIPE_SECRET', key],
    ],
    ['a general name', env({ API_KEY: key }), ['variable', 'API_KEY', 'GIT_HUB_API_KEY', key]],
    ['a telling form', env({ WHATEVER: github }), ['variable', 'WHATEVER', 'WHATEVER', github]],
    [
      'a password in an address',
      env({ DATABASE_URL: `postgres://me:${key}@db.example/x` }),
      ['variable', 'DATABASE_URL, password', 'DATABASE_URL_PASSWORD', key],
    ],
    ['an option', args('--api-key', key), ['argument', '--api-key', 'GIT_HUB_API_KEY', key]],
    ['an option with =', args(`--token=${key}`), ['argument', '--token', 'GIT_HUB_TOKEN', key]],
    [
      'a variable for docker',
      args('run', '-e', `GITLAB_TOKEN=${key}`),
      ['argument', 'GITLAB_TOKEN', 'GITLAB_TOKEN', key],
    ],
    [
      'a header of an option',
      args('--header', `Authorization: Bearer ${key}`),
      ['argument', 'token', 'GIT_HUB_TOKEN', key],
    ],
    ['a key by itself', args(github), ['argument', 'argument', 'GIT_HUB_KEY', github]],
    [
      'a bearer',
      remote('https://a.example/mcp', { Authorization: `Bearer ${key}` }),
      ['header', 'Authorization', 'GIT_HUB_TOKEN', key],
    ],
    [
      'a header by its name',
      remote('https://a.example/mcp', { 'X-Api-Key': key }),
      ['header', 'X-Api-Key', 'GIT_HUB_X_API_KEY', key],
    ],
    [
      'a parameter',
      remote(`https://a.example/mcp?v=2&api_key=${key}`),
      ['url', 'address, api_key', 'GIT_HUB_API_KEY', key],
    ],
    [
      'a part of a path that nobody has chosen',
      remote('https://a.example/s/NjQ4ZTk2YjUtMzk3Mi00YjE3OmUz8a/mcp'),
      ['url', 'address', 'GIT_HUB_URL_KEY', 'NjQ4ZTk2YjUtMzk3Mi00YjE3OmUz8a'],
    ],
  ])('%s', (_, entry, secret) => {
    expect(found(entry)).toEqual([secret])
  })

  test.each([
    env({ KEY_FILE: '/home/me/keys/id', SSH_KEY: '/home/me/.ssh/id_ed25519' }),
    env({ GOOGLE_APPLICATION_CREDENTIALS: '/home/somebody/projects/keys/service' }),
    env({ TLS_KEY: 'certs/server.key', PRIVATE_KEY: 'C:\\keys\\me.pem' }),
    env({ USE_TOKEN: 'sometimes', TOKEN_LIMIT: '100000', MAX_TOKENS: '4096', SORT_KEY: 'created' }),
    env({
      API_TOKEN: 'true',
      API_KEY: '',
      SECRET: 'none',
      AUTH_TYPE: 'oauth2',
      TOKENIZER: 'cl100k_base',
    }),
    env({ TOKEN_URL: 'https://login.example/token', API_KEY: 'https://keys.example/mine' }),
    env({
      API_KEY: '${API_KEY}',
      TOKEN: '${secret:TOKEN}',
      DSN: 'https://public@sentry.example/1',
    }),
    env({ PUBLIC_KEY: 'MCowBQYDK2VwAyEA0123456789', PROJECT_ID: '3f2a9c1e8b7d4f60' }),
    args(
      '--port',
      '8080',
      '--path',
      '/srv/data',
      '--key',
      'name',
      '--no-auth',
      '--model',
      'gpt-4o-mini',
    ),
    args('-y', '@modelcontextprotocol/server-filesystem', '/home/me/Documents', 'C:\\Users\\me'),
    args('--commit', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'),
    remote('https://mcp.example.com/v1/projects/4f6c2a90-1111-4222-8333-444455556666/mcp'),
    remote('https://mcp.example.com/a-very-long-name-of-a-project-with-words/mcp?version=20251125'),
    remote('https://a.example/mcp', { Accept: 'application/json', 'X-Team': 'blue' }),
    remote('https://a.example/mcp', { Authorization: 'Bearer ${TOKEN}' }),
  ])('none is seen in %j', (entry) => {
    expect(found(entry)).toEqual([])
  })

  test('several in one text, dollars of a client that knows no variables', () => {
    const entry = remote(`https://me:${key}@a.example/mcp?token=${key}9#x`)
    expect(found(entry).map(([, , name]) => name)).toEqual(['GIT_HUB_PASSWORD', 'GIT_HUB_TOKEN'])
    expect(found(env({ TOKEN: 'ab$${cd' }))).toEqual([
      ['variable', 'TOKEN', 'GIT_HUB_TOKEN', 'ab${cd'],
    ])
  })
})
