import { PageHeader } from '../../components/page-header.tsx'

export function CatalogScreen() {
  return <PageHeader title="Catalog" />
}
