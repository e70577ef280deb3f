import { PageHeader } from '../../components/page-header.tsx'

export function LogsScreen() {
  return <PageHeader title="Logs" />
}
