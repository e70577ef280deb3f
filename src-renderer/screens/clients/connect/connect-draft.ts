import type { ClientRow, EntryKind } from '../../../../src-shared/api-clients.ts'
import type { ProcedureInput } from '../../../../src-shared/api.ts'

/** What a person has chosen so far in the dialog that connects a client. */
export interface ConnectDraft {
  kind: EntryKind
  /** Empty: the gateway's own choice. */
  name: string
  /** Of `shim-per-server`; null: all. */
  servers: ReadonlySet<string> | null
  place: 'user' | 'project'
  project: string
  /** One of the row's choices; empty: not chosen yet, or there are none. */
  file: string
}

type ConnectInput = ProcedureInput<'clients.preview'>

/** As it was connected before, else the best kind. */
export function firstDraft(row: ClientRow): ConnectDraft {
  const before = row.connections.find(({ project }) => project === null)
  const kind = before?.kind ?? row.kinds[0] ?? 'shim-all'
  return {
    kind,
    name: before !== undefined && kind !== 'shim-per-server' ? (before.entries[0] ?? '') : '',
    servers: null,
    place: 'user',
    project: '',
    file: row.choices.find((one) => one === before?.file) ?? '',
  }
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** What is wrong with a name; undefined: nothing. */
export function nameProblem(name: string): string | undefined {
  return name === '' || namePattern.test(name)
    ? undefined
    : 'Letters, digits, - and _, up to 64; it begins with a letter or a digit.'
}

/** What the gateway is asked for, or what is still to be said. */
export function connectInput(
  row: ClientRow,
  draft: ConnectDraft,
): { input: ConnectInput } | { missing: string } {
  const problem = nameProblem(draft.name)
  if (problem !== undefined) return { missing: 'Correct the name to see what would be written.' }
  const isProject = draft.place === 'project'
  if (isProject && draft.project.trim() === '')
    return { missing: 'Give the project’s folder to see what would be written.' }
  const mustChoose = !isProject && row.file === null && row.choices.length > 0
  if (mustChoose && draft.file === '')
    return { missing: `Choose the file that ${row.name} reads to see what would be written.` }
  const some = draft.kind === 'shim-per-server' ? draft.servers : null
  if (some !== null && some.size === 0) return { missing: 'Choose at least one server.' }
  return {
    input: {
      id: row.id,
      kind: draft.kind,
      ...(draft.name === '' ? {} : { name: draft.name }),
      ...(some === null ? {} : { servers: [...some] }),
      ...(isProject
        ? { project: draft.project.trim() }
        : draft.file === ''
          ? {}
          : { file: draft.file }),
    },
  }
}
