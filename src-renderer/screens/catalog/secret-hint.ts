const secretNames = /key|token|secret|passw|pwd|credential|auth|cookie|bearer|dsn/i
const secretShapes =
  /^(?:Bearer |Basic )?(?:sk-|ghp_|gho_|github_pat_|glpat-|xox[abp]-|AKIA|eyJ|AIza|hf_|npm_|pypi-)/
/** Set in every environment, or plainly no secret. */
const plainValues = /^(?:true|false|yes|no|\d{1,6}|https?:\/\/[^@]*|[./~][\w./~-]*)$/i

/**
 * Whether a value that stands in the catalog as it is looks like a secret, by its name or its shape: people can read
 * the file, and copies of it travel.
 */
export function looksSecret(name: string, value: string): boolean {
  if (value.trim() === '' || /\$\{/.test(value) || plainValues.test(value)) return false
  return secretNames.test(name) || secretShapes.test(value) || looksRandom(value)
}

/** Long, without spaces, of letters and digits mixed. */
function looksRandom(value: string): boolean {
  return /^[A-Za-z0-9+/_=-]{24,}$/.test(value) && /\d/.test(value) && /[A-Za-z]/.test(value)
}

/** A secret taken out of a text of the catalog. */
export interface NamedSecret {
  /** What stays before it: `Bearer ` and the like. */
  scheme: string
  /** Its own name where a variable can be called so, else one with the server's id. */
  name: string
  value: string
}

/** The secret in the value of a variable or header. */
export function secretIn(name: string, text: string, serverId: string): NamedSecret {
  const scheme = /^(?:Bearer|Basic|Token) /.exec(text)?.[0] ?? ''
  const own = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.toLowerCase() !== 'authorization'
  const made = `${serverId}_${/auth/i.test(name) ? 'token' : name}`
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()
  const wanted = own ? name : /^\d/.test(made) ? `_${made}` : made
  return { scheme, name: wanted, value: text.slice(scheme.length) }
}
