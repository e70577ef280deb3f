import { createContext, use } from 'react'
import type { SchemaNode } from '../../editor/schema-node.ts'
import type { CatalogEntry } from '../../../src-shared/api.ts'

/** The server in the form, and how its fields change it. */
export interface EntryForm {
  id: string
  entry: CatalogEntry['entry']
  /** As it is in the file, if it is there. */
  saved: CatalogEntry['entry'] | undefined
  /** IDs of the other servers. */
  otherIds: readonly string[]
  /** The text cannot be edited now: it is no YAML, or the server has no ID to find it by. */
  locked: boolean
  /** A JSON merge patch. Rejects with the reason if it cannot be made. */
  patch: (patch: CatalogEntry['entry']) => Promise<void>
}

export const EntryFormContext = createContext<EntryForm | null>(null)

export function useEntryForm(): EntryForm {
  const form = use(EntryFormContext)
  if (form === null) throw new Error('There is no entry form around this field.')
  return form
}

export interface SchemaFieldProps {
  /** From the server down. */
  path: readonly string[]
  node: SchemaNode
  required?: boolean
}

/** The key of the field at a path. */
export function nameAt(path: readonly string[]): string {
  return path.at(-1) ?? ''
}
