import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Unplug } from 'lucide-react'
import { Button } from '../../components/button.tsx'
import { EmptyState, ErrorState, SkeletonText } from '../../components/states.tsx'
import { TabPanel, Tabs } from '../../components/tabs.tsx'
import { useRead } from '../../queries.ts'
import { LogTab } from './log-tab.tsx'
import { Overview } from './overview.tsx'
import { PromptsTab } from './prompts-tab.tsx'
import { ResourcesTab } from './resources-tab.tsx'
import { ServerHeader } from './server-header.tsx'
import { withTab } from './server-search.ts'
import { SettingsTab } from './settings/settings-tab.tsx'
import { SignInPanel } from './sign-in/sign-in-panel.tsx'
import { ToolsTab } from './tools-tab.tsx'

/** One server, with what it offers, its log and its settings. */
export function ServerScreen() {
  const { id } = useParams({ from: '/servers/$id' })
  // Another server begins anew: nothing half filled in is carried over.
  return <ServerDetail key={id} id={id} />
}

function ServerDetail({ id }: { id: string }) {
  const { tab = 'overview' } = useSearch({ from: '/servers/$id' })
  const navigate = useNavigate()
  const server = useRead('server.get', { id }, { everyMs: 5000 })
  // Asks nothing by itself: a server that was never listed would be started for it.
  const lists = useRead('server.lists', { id }, { enabled: false })
  const go = (next: string) =>
    void navigate({
      to: '/servers/$id',
      params: { id },
      search: (old) => withTab(old, next),
      replace: true,
    })

  if (server.isError && server.data === undefined) {
    if (server.error.code === 'server_not_found')
      return (
        <EmptyState
          icon={Unplug}
          title={`There is no server “${id}”.`}
          action={<Button onClick={() => void navigate({ to: '/servers' })}>All servers</Button>}
        >
          It may have been removed from the catalog or renamed.
        </EmptyState>
      )
    return (
      <ErrorState
        title={`“${id}” could not be read.`}
        error={server.error}
        onRetry={() => void server.refetch()}
      />
    )
  }
  if (server.data === undefined)
    return (
      <div className="p-5">
        <SkeletonText lines={6} />
      </div>
    )
  const tabs = [
    { value: 'overview', label: 'Overview' },
    { value: 'tools', label: 'Tools', count: lists.data?.tools.length },
    {
      value: 'resources',
      label: 'Resources',
      count:
        lists.data === undefined
          ? undefined
          : lists.data.resources.length + lists.data.resource_templates.length,
    },
    { value: 'prompts', label: 'Prompts', count: lists.data?.prompts.length },
    { value: 'log', label: 'Log' },
    { value: 'settings', label: 'Settings' },
  ]
  return (
    <>
      <ServerHeader server={server.data} />
      {server.data.enabled && server.data.sign_in !== null && (
        <SignInPanel server={server.data} signIn={server.data.sign_in} />
      )}
      <Tabs label="Parts of the server" items={tabs} value={tab} onChange={go}>
        <TabPanel value="overview">
          <Overview server={server.data} />
        </TabPanel>
        <TabPanel value="tools">
          <ToolsTab server={server.data} />
        </TabPanel>
        <TabPanel value="resources">
          <ResourcesTab server={server.data} />
        </TabPanel>
        <TabPanel value="prompts">
          <PromptsTab server={server.data} />
        </TabPanel>
        <TabPanel value="log">
          <LogTab id={id} />
        </TabPanel>
        <TabPanel value="settings">
          <SettingsTab server={server.data} />
        </TabPanel>
      </Tabs>
    </>
  )
}
