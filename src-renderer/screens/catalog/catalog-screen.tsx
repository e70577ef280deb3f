import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { PageHeader } from '../../components/page-header.tsx'
import { ErrorState, SkeletonRows, SkeletonText } from '../../components/states.tsx'
import { readSchema } from '../../editor/schema-node.ts'
import { useGateway, useRead } from '../../queries.ts'
import { CatalogDocument } from './catalog-document.ts'
import { CatalogWorkbench } from './catalog-workbench.tsx'

export function CatalogScreen() {
  const gateway = useGateway()
  const [document] = useState(() => new CatalogDocument(gateway))
  useEffect(() => document.open(), [document])
  const now = useSyncExternalStore(document.subscribe, document.snapshot)
  const read = useRead('catalog.schema', {})
  // Without the schema there is no form, but the text can be edited all the same.
  const schema = useMemo(() => readSchema(read.data ?? {}), [read.data])

  if (now.state === 'failed') {
    return (
      <>
        <PageHeader title="Catalog" />
        <ErrorState
          title="The catalog could not be read."
          error={now.failure}
          onRetry={() => void document.refresh()}
        />
      </>
    )
  }
  if (now.state === 'loading' || read.isPending) {
    return (
      <>
        <PageHeader title="Catalog" />
        <div className="flex min-h-0 flex-1">
          <div className="flex-1">
            <SkeletonRows height={44} />
          </div>
          <div className="flex-1 border-l border-line p-5 max-wide:hidden">
            <SkeletonText lines={14} />
          </div>
        </div>
      </>
    )
  }
  return <CatalogWorkbench document={document} now={now} schema={schema} />
}
