import { PageHeader } from '../../components/page-header.tsx'

export function ServerScreen() {
  return <PageHeader title="Server" />
}
