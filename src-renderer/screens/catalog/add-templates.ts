import { idFrom } from './new-id.ts'

export interface Template {
  id: string
  label: string
  /** What it is for. */
  info: string
  /** It is offered only where the catalog's schema knows this type. */
  runtime: string
  field: { label: string; placeholder: string; hint: string }
  takesArgs: boolean
}

const image = {
  label: 'Image',
  placeholder: 'mcp/postgres:1.2',
  hint: 'As for `docker run`. Pulled at the first start if it is not there.',
}

export const templates: readonly Template[] = [
  {
    id: 'npx',
    label: 'npm package (npx)',
    info: 'Fetched from npm and started by npx.',
    runtime: 'local-process',
    field: {
      label: 'Package',
      placeholder: '@modelcontextprotocol/server-filesystem',
      hint: 'Give a version (`name@1.2.3`) to keep it the same.',
    },
    takesArgs: true,
  },
  {
    id: 'uvx',
    label: 'Python package (uvx)',
    info: 'Fetched from PyPI and started by uvx.',
    runtime: 'local-process',
    field: {
      label: 'Package',
      placeholder: 'mcp-server-git',
      hint: 'Give a version (`name@1.2.3`) to keep it the same.',
    },
    takesArgs: true,
  },
  {
    id: 'binary',
    label: 'Program on this machine',
    info: 'An executable that is installed already.',
    runtime: 'local-process',
    field: {
      label: 'Command',
      placeholder: 'postgres-mcp',
      hint: 'A name in your PATH, or an absolute path.',
    },
    takesArgs: true,
  },
  {
    id: 'docker',
    label: 'Container (Docker)',
    info: 'An image that Docker runs.',
    runtime: 'docker',
    field: image,
    takesArgs: true,
  },
  {
    id: 'podman',
    label: 'Container (Podman)',
    info: 'The same with Podman, which needs no root.',
    runtime: 'docker',
    field: image,
    takesArgs: true,
  },
  {
    id: 'remote',
    label: 'Remote server',
    info: 'A server elsewhere, by its URL. Signing in comes later.',
    runtime: 'remote-http',
    field: { label: 'URL', placeholder: 'https://mcp.example.com/mcp', hint: 'http or https.' },
    takesArgs: false,
  },
]

/** The entry that a template makes; undefined while its field is empty. */
export function entryFromTemplate(
  { id, runtime: type }: Template,
  given: string,
  args: readonly string[],
): Record<string, unknown> | undefined {
  const value = given.trim()
  if (value === '') return undefined
  const withArgs = (command: string, all: readonly string[]) => ({
    type,
    command,
    ...(all.length === 0 ? {} : { args: all }),
  })
  const runtime =
    id === 'npx'
      ? withArgs('npx', ['-y', value, ...args])
      : id === 'uvx'
        ? withArgs('uvx', [value, ...args])
        : id === 'binary'
          ? withArgs(value, args)
          : type === 'docker'
            ? {
                type,
                ...(id === 'podman' ? { engine: 'podman' } : {}),
                image: value,
                ...(args.length === 0 ? {} : { args }),
              }
            : { type, url: value }
  return { id: idFrom(type === 'docker' ? withoutTag(value) : value), runtime }
}

/** `registry:5000/mcp/postgres` of `registry:5000/mcp/postgres:1.2@sha256:…`. */
function withoutTag(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')
}

export const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The entry for a URL; undefined if it is none. `token`: the name of the variable that holds a bearer token. */
export function entryFromUrl(
  url: string,
  type: string,
  token: string,
): Record<string, unknown> | undefined {
  if (token !== '' && !variableName.test(token)) return undefined
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return undefined
  const headers = token === '' ? {} : { headers: { Authorization: `Bearer \${${token}}` } }
  return { id: idFrom(url), runtime: { type, url, ...headers } }
}
