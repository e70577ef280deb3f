import { PageHeader } from '../../components/page-header.tsx'

export function SettingsScreen() {
  return <PageHeader title="Settings" />
}
