import type { CatalogCheck, CatalogEdit } from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import type { ImportResult } from '../../src-shared/client-import.ts'
import { CatalogFile } from '../catalog/catalog-file.ts'
import { checkCatalog } from '../catalog/check.ts'
import { editCatalog } from '../catalog/edit.ts'
import { createSampleCatalog, sampleCatalog } from '../catalog/sample-catalog.ts'

/** The catalog as far as an import needs it, of a gateway that runs or of its file alone. */
export interface ImportCatalog {
  /** Absolute. */
  path: string
  read(): Promise<{ text: string; etag: string }>
  check(text: string): Promise<CatalogCheck>
  editText(text: string, edits: readonly CatalogEdit[]): Promise<string>
  /** `reload`: null where no gateway runs. */
  replace(text: string, etag: string): Promise<{ reload: ImportResult['reload'] }>
}

/** Without a gateway; the file is made if it is missing. */
export function fileCatalog(file: string): ImportCatalog {
  const catalog = new CatalogFile(file)
  const missing = '"missing"'
  return {
    path: file,
    read: async () => {
      try {
        return await catalog.read()
      } catch (thrown) {
        if (!(thrown instanceof GatewayError) || thrown.code !== 'not_found') throw thrown
        return { text: sampleCatalog, etag: missing }
      }
    },
    check: async (text) => checkCatalog(text, file),
    editText: async (text, edits) => editCatalog(text, edits, file),
    replace: async (text, etag) => {
      if (etag === missing) await createSampleCatalog(file)
      await catalog.write(text, etag === missing ? undefined : etag)
      return { reload: null }
    },
  }
}
