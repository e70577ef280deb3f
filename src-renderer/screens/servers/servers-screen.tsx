import { Outlet } from '@tanstack/react-router'
import { PageHeader } from '../../components/page-header.tsx'

export function ServersScreen() {
  return (
    <>
      <PageHeader title="Servers" />
      <Outlet />
    </>
  )
}
