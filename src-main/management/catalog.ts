import { z } from 'zod'
import { catalogSchema } from '../../src-shared/catalog.ts'
import { entriesFromSnippet } from '../catalog/snippet.ts'
import type { Parts, ProceduresOf } from './context.ts'

/** `catalog.*`. */
export function catalogProcedures({ gateway }: Parts): ProceduresOf<'catalog'> {
  const { catalog } = gateway
  return {
    'catalog.read': async () => {
      const { text, etag } = await catalog.read()
      return { text, etag, path: gateway.catalogPath, ...(await catalog.check(text)) }
    },
    'catalog.check': ({ text }) => catalog.check(text),
    'catalog.edit': async ({ text, edits }) => {
      const edited = await catalog.editText(text, edits)
      return { text: edited, ...(await catalog.check(edited)) }
    },
    'catalog.save': ({ text, etag }) => catalog.replace(text, etag),
    'catalog.schema': () => ({ ...z.toJSONSchema(catalogSchema, { io: 'input' }) }),
    'catalog.from_snippet': ({ text }) => ({ entries: entriesFromSnippet(text) }),
    'catalog.reload': () => gateway.reload(),
  }
}
