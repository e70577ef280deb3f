/** One of VS Code's `inputs`: what it asks for, and whether it hides what is typed. */
export interface SnippetInput {
  about: string | undefined
  isSecret: boolean
  fallback: string | undefined
}

/** How the texts of a snippet are to be read. */
export interface TextRules {
  inputs?: ReadonlyMap<string, SnippetInput>
  /**
   * `any` (the default): `${X}` and every program's own form are variables, `$X` where it is all of a value. `dollar`:
   * `$X` anywhere as well. `literal`: its program knows no variables, so that a `$` is a `$`.
   */
  syntax?: 'any' | 'dollar' | 'literal'
  /** The folder of the project that the file belongs to. */
  project?: string
}

/** Takes the texts of other programs over: their variables become ours, and what stands for a secret becomes one. */
export class SnippetTexts {
  /** What a person must know or do, in plain words. */
  readonly notes = new Set<string>()
  readonly #rules: TextRules
  readonly #serverId: string

  constructor(serverId: string, rules: TextRules = {}) {
    this.#serverId = serverId
    this.#rules = rules
  }

  /** The value of the environment variable `name`: a placeholder becomes the variable of that name. */
  variable(text: string, name: string): string {
    if (isPlaceholder(text, name)) return this.#asked(name)
    return this.#value(text)
  }

  /** The value of the header `name`. */
  header(text: string, name: string): string {
    const [, scheme = '', rest = text] = /^((?:Bearer|Basic|Token) +)(.*)$/is.exec(text) ?? []
    if (isPlaceholder(rest, name))
      return scheme + this.secretOf(this.#named(rest, scheme === '' ? name : 'token'))
    return scheme + this.#value(rest)
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

  /** The value of a variable of the environment in which the gateway runs. */
  variableOf(name: string): string {
    this.notes.add(`The variable ${name} must be set in your environment.`)
    return `\${${name}}`
  }

  /** Only the person can say what it is. */
  secretOf(name: string): string {
    const secret = upperSnake(name)
    this.notes.add(`Set the secret ${secret}: in Settings, or by gateway secrets set ${secret}`)
    return `\${secret:${secret}}`
  }

  #value(text: string): string {
    const whole = /^\$([A-Za-z_]\w*)$/.exec(text)?.[1]
    if (whole !== undefined && this.#rules.syntax !== 'literal') return `\${${whole}}`
    return this.#translated(text)
  }

  /** What a placeholder asks for; a word that any server might use gets the server's id before it. */
  #named(placeholder: string, otherwise: string): string {
    const name = nameIn(placeholder) ?? upperSnake(otherwise)
    return name.split('_').every((word) => generic.has(word)) ? `${this.#serverId}_${name}` : name
  }

  #asked(name: string): string {
    if (secretName.test(name)) return this.secretOf(name)
    const variable = upperSnake(name)
    this.notes.add(`Set the variable ${variable} in your environment.`)
    return `\${${variable}}`
  }

  /** The variables of VS Code, Zed, OpenCode, Continue and shells, wherever they stand. */
  #translated(text: string): string {
    const { syntax, project } = this.#rules
    if (syntax === 'literal') return text.replaceAll('${', () => '$${')
    if (/\{file:[^{}]+\}|\$\([^()]+\)/.test(text))
      this.notes.add(`${text} has no meaning here, and stays as it is written.`)
    return text.replaceAll(
      /\$?\{env:([A-Za-z_]\w*)\}|\$\{\{\s*(?:secrets|inputs)\.([\w.-]+)\s*\}\}|\$\{([^{}]*)\}|\$([A-Za-z_]\w*)/g,
      (all: string, env?: string, kept?: string, name?: string, plain?: string) => {
        if (plain !== undefined) return syntax === 'dollar' ? `\${${plain}}` : all
        if (env !== undefined) return `\${${env}}`
        if (kept !== undefined) return this.secretOf(kept)
        const inside = name ?? ''
        const input = /^input:(.+)$/.exec(inside)?.[1]
        if (input !== undefined) return this.#input(input)
        if (inside === 'userHome') return '${HOME}'
        if (inside === 'pathSeparator' || inside === '/') return '/'
        if (inside === 'workspaceFolder' && project !== undefined) return project
        if (inside.startsWith('workspaceFolder')) {
          this.notes.add('It names the folder of an editor’s workspace: replace it with a path.')
          return '${WORKSPACE_FOLDER}'
        }
        if (/^(?:secret:[\w.-]+|[A-Za-z_]\w*)(?::-.*)?$/s.test(inside)) return all
        this.notes.add(`${all} has no meaning here, and stays as it is written.`)
        return `$${all}`
      },
    )
  }

  #input(id: string): string {
    const name = upperSnake(id)
    const { about, isSecret = false, fallback } = this.#rules.inputs?.get(id) ?? {}
    const told = about === undefined ? '' : `: ${about}`
    if (isSecret) {
      this.notes.add(
        `Set the secret ${name}${told} (in Settings, or by gateway secrets set ${name})`,
      )
      return `\${secret:${name}}`
    }
    if (fallback !== undefined) return `\${${name}:-${fallback}}`
    this.notes.add(`Set the variable ${name} in your environment${told === '' ? '.' : told}`)
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
