import { treeVariable } from './process-table.ts'

/** What any program needs to find its home, its tools and its language, and nothing that is secret. */
const basics = new Set([
  'HOME',
  'PATH',
  'LANG',
  'LANGUAGE',
  'USER',
  'LOGNAME',
  'SHELL',
  'TERM',
  'TMPDIR',
  'TZ',
])
const basicPrefixes = ['LC_', 'XDG_']
const windowsBasics = new Set([
  'ALLUSERSPROFILE',
  'APPDATA',
  'COMMONPROGRAMFILES',
  'COMMONPROGRAMFILES(X86)',
  'COMPUTERNAME',
  'COMSPEC',
  'HOMEDRIVE',
  'HOMEPATH',
  'LANG',
  'LOCALAPPDATA',
  'NUMBER_OF_PROCESSORS',
  'OS',
  'PATH',
  'PATHEXT',
  'PROCESSOR_ARCHITECTURE',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
  'PUBLIC',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'TZ',
  'USERDOMAIN',
  'USERNAME',
  'USERPROFILE',
  'WINDIR',
])

export type Environment = Readonly<Record<string, string | undefined>>

export interface ChildEnvironmentOptions {
  /** The gateway's own, and below it the login shell's; see LoginEnvironment. */
  inherited: Environment
  /** true: all of it; names: the basics and these; false: the basics. */
  inheritEnv: boolean | readonly string[]
  /** `env` of the catalog entry: wins over what is inherited. */
  own: Environment
  /** The PATH that was decided for children; `own` may override it. */
  path: string
  /** The mark of the process tree: wins over all. */
  marker: Environment
  platform: NodeJS.Platform
}

/** The whole environment of a server. `MCP_GATEWAY_*` (the gateway's key is one) never gets through. */
export function childEnvironment(options: ChildEnvironmentOptions): Record<string, string> {
  const { inheritEnv, platform } = options
  const canonical = (name: string) => (platform === 'win32' ? name.toUpperCase() : name)
  const listed = new Set(typeof inheritEnv === 'boolean' ? [] : inheritEnv.map(canonical))
  const isInherited = (name: string): boolean =>
    inheritEnv === true || isBasic(name, platform) || listed.has(name)

  const result: Record<string, string> = {}
  // On Windows names differ in case only by accident (`Path`), and the last one given counts.
  const nameOf = new Map<string, string>()
  const set = (name: string, value: string | undefined) => {
    const key = canonical(name)
    if (value === undefined || key.startsWith('MCP_GATEWAY_')) return
    const earlier = nameOf.get(key)
    if (earlier !== undefined) delete result[earlier]
    nameOf.set(key, name)
    result[name] = value
  }
  for (const [name, value] of Object.entries(options.inherited)) {
    // An exported function of bash is code, not a setting.
    if (isInherited(canonical(name)) && name !== treeVariable && !value?.startsWith('() {')) {
      set(name, value)
    }
  }
  set('PATH', options.path)
  for (const [name, value] of Object.entries(options.own)) set(name, value)
  for (const [name, value] of Object.entries(options.marker)) set(name, value)
  return result
}

function isBasic(name: string, platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return windowsBasics.has(name)
  return basics.has(name) || basicPrefixes.some((prefix) => name.startsWith(prefix))
}
