/** Takes the texts of pasted snippets over: their variables become ours, and what stands for a secret becomes one. */
export class SnippetTexts {
  /** What a person must know or do, in plain words. */
  readonly notes = new Set<string>()
  /** VS Code's `inputs`: what each asks for. */
  readonly #inputs: ReadonlyMap<string, string>
  readonly #serverId: string

  constructor(serverId: string, inputs: ReadonlyMap<string, string> = new Map()) {
    this.#serverId = serverId
    this.#inputs = inputs
  }

  /** The value of the environment variable `name`: a placeholder becomes the variable of that name. */
  variable(text: string, name: string): string {
    if (isPlaceholder(text, name)) return this.#asked(name)
    return this.#value(text, name)
  }

  /** The value of the header `name`. */
  header(text: string, name: string): string {
    const [, scheme = '', rest = text] = /^((?:Bearer|Basic|Token) +)(.*)$/is.exec(text) ?? []
    if (isPlaceholder(rest, name))
      return scheme + this.#asked(this.#named(rest, scheme === '' ? name : 'token'))
    return scheme + this.#value(rest, name)
  }

  /** An argument, an address, a folder. */
  text(text: string): string {
    const [, option = '', rest = text] = /^(--?[\w-]+=)(.*)$/s.exec(text) ?? []
    if (/^<[^<>]+>$|^\{\{[^{}]+\}\}$/.test(rest) || isYours.test(rest))
      return option + this.#asked(this.#named(rest, option === '' ? 'value' : option))
    if (/^\/?path\/to\/|[\\/]path[\\/]to[\\/]/i.test(rest))
      this.notes.add(`Replace ${rest} with a path of yours.`)
    return this.#translated(text)
  }

  #value(text: string, name: string): string {
    const whole = /^\$([A-Za-z_]\w*)$/.exec(text)?.[1]
    if (whole !== undefined) return `\${${whole}}`
    const own = this.#translated(text)
    if (own === text && secretName.test(name) && text.length >= 8 && !text.includes('${'))
      this.notes.add(`${name} is written out. A variable, \${${upperSnake(name)}}, is safer.`)
    return own
  }

  /** What a placeholder asks for; a word that any server might use gets the server's id before it. */
  #named(placeholder: string, otherwise: string): string {
    const name = nameIn(placeholder) ?? upperSnake(otherwise)
    return name.split('_').every((word) => generic.has(word)) ? `${this.#serverId}_${name}` : name
  }

  #asked(name: string): string {
    const variable = upperSnake(name)
    this.notes.add(`Set the variable ${variable} in your environment.`)
    return `\${${variable}}`
  }

  /** The variables of VS Code, Zed, OpenCode and shells, wherever they stand. */
  #translated(text: string): string {
    return text.replaceAll(
      /\$?\{env:([A-Za-z_]\w*)\}|\$\{([^{}]*)\}/g,
      (all, env?: string, name?: string) => {
        if (env !== undefined) return `\${${env}}`
        const inside = name ?? ''
        const input = /^input:(.+)$/.exec(inside)?.[1]
        if (input !== undefined) return this.#input(input)
        if (inside === 'userHome') return '${HOME}'
        if (inside === 'pathSeparator' || inside === '/') return '/'
        if (inside.startsWith('workspaceFolder')) {
          this.notes.add('It names the folder of an editor’s workspace: replace it with a path.')
          return '${WORKSPACE_FOLDER}'
        }
        if (/^[A-Za-z_]\w*(?::-.*)?$/s.test(inside)) return all
        this.notes.add(`${all} has no meaning here, and stays as it is written.`)
        return `$${all}`
      },
    )
  }

  #input(id: string): string {
    const name = upperSnake(id)
    const about = this.#inputs.get(id)
    this.notes.add(
      `Set the variable ${name} in your environment${about === undefined ? '.' : `: ${about}`}`,
    )
    return `\${${name}}`
  }
}

const generic = new Set(
  'ACCESS API AUTH AUTHORIZATION BEARER ID KEY PASSWORD SECRET TOKEN VALUE X'.split(' '),
)

const secretName = /key|token|secret|password|passwd|authorization|credential|_pat$/i

/** What the authors of READMEs write where a value of the reader's own belongs. */
const isYours = /^(?:your|my|insert|enter|replace|put|paste|change)[-_ ].+|.+[-_ ]here$/i

function isPlaceholder(text: string, name: string): boolean {
  const trimmed = text.trim()
  if (trimmed === '') return secretName.test(name)
  if (/^<[^<>]+>$|^\{\{[^{}]+\}\}$|^\[[^[\]]+\]$/.test(trimmed)) return true
  if (isYours.test(trimmed)) return true
  if (/^(?:[\w]{1,12}[-_])?(?:x{3,}|\*{3,}|\.{3,}|…)$/i.test(trimmed)) return true
  return trimmed.toUpperCase() === name.toUpperCase()
}

/** `<YOUR_GITHUB_PAT>` asks for GITHUB_PAT. */
function nameIn(placeholder: string): string | undefined {
  const words = placeholder
    .replaceAll(/[<>[\]{}]/g, '')
    .trim()
    .replace(
      /^(?:your|my|insert|enter|replace|put|paste|change)(?:[-_ ](?:your|my|with|the|a))*[-_ ]/i,
      '',
    )
    .replace(/[-_ ]here$/i, '')
  const name = upperSnake(words)
  return words.length <= 40 && /^[A-Z]\w{2,}$/.test(name) && !/X{3,}$/.test(name) ? name : undefined
}

/** A name that an environment variable may have. */
function upperSnake(text: string): string {
  const name = text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/\W+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toUpperCase()
  return /^[A-Z_]/.test(name) ? name : `VALUE_${name}`.replace(/_$/, '')
}
