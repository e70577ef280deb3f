import { PageHeader } from '../../components/page-header.tsx'

export function ActivityScreen() {
  return <PageHeader title="Activity" />
}
