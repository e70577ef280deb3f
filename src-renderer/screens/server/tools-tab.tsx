import { useQueryClient } from '@tanstack/react-query'
import { Wrench } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { ServerDetailView, ServerLists } from '../../../src-shared/api-servers.ts'
import { cx } from '../../components/class-names.ts'
import { SearchField } from '../../components/search-field.tsx'
import { SplitView } from '../../components/split-view.tsx'
import { EmptyState } from '../../components/states.tsx'
import { Switch } from '../../components/switch.tsx'
import { notifyFailure } from '../../components/toast.tsx'
import { Cell, VirtualList } from '../../components/virtual-list.tsx'
import { keyOf, useGateway } from '../../queries.ts'
import { RefreshLists, textAt, useChosenItem, WithLists } from './server-lists.tsx'
import { TryTool } from './try-tool.tsx'

export function ToolsTab({ server }: { server: ServerDetailView }) {
  return (
    <WithLists server={server}>
      {(lists) =>
        lists.tools.length === 0 ? (
          <EmptyState
            icon={Wrench}
            title="This server has no tools."
            action={<RefreshLists id={server.id} />}
          />
        ) : (
          <Tools server={server} lists={lists} />
        )
      }
    </WithLists>
  )
}

interface Tool {
  name: string
  tool: Record<string, unknown>
}

function Tools({ server, lists }: { server: ServerDetailView; lists: ServerLists }) {
  const { item, choose } = useChosenItem(server.id)
  const [filter, setFilter] = useState('')
  const setTool = useSetTool(server.id)
  const tools = useMemo(() => namedTools(lists), [lists])
  const denied = useMemo(() => new Set(lists.denied_tools), [lists])
  const shown = tools.filter(({ name, tool }) =>
    `${name} ${textAt(tool, 'title') ?? ''} ${textAt(tool, 'description') ?? ''}`
      .toLowerCase()
      .includes(filter.toLowerCase()),
  )
  const chosen = tools.find(({ name }) => name === item)
  return (
    <SplitView
      hint="Choose a tool to try it."
      back={{ label: 'All tools', onBack: () => choose(undefined) }}
      list={
        <>
          <div className="flex items-center gap-1 border-b border-line p-2">
            <SearchField
              label="Filter tools"
              value={filter}
              onChange={setFilter}
              className="flex-1"
            />
            <RefreshLists id={server.id} />
          </div>
          <VirtualList
            label="Tools"
            items={shown}
            keyOf={({ name }) => name}
            textOf={({ name }) => name}
            selectedKey={item}
            columns="minmax(0,1fr) auto"
            className="[&_[role=row]]:px-3"
            onOpen={({ name }) => choose(name)}
            onAct={({ name }) => setTool(name, denied.has(name))}
            renderRow={({ name, tool }, { tabIndex }) => (
              <>
                <Cell
                  className={cx('font-mono text-sm', denied.has(name) && 'text-muted')}
                  title={textAt(tool, 'description')}
                >
                  {name}
                </Cell>
                <Cell className="flex">
                  <Switch
                    tabIndex={tabIndex}
                    aria-label={`Clients may use ${name}`}
                    checked={!denied.has(name)}
                    onCheckedChange={(on) => setTool(name, on)}
                  />
                </Cell>
              </>
            )}
          />
        </>
      }
      detail={
        chosen === undefined ? null : (
          <TryTool
            key={chosen.name}
            server={server}
            tool={chosen.tool}
            denied={denied.has(chosen.name)}
          />
        )
      }
    />
  )
}

/** Tools that clients may not use are in `tools` or only named: both are shown, at their places. */
function namedTools(lists: ServerLists): Tool[] {
  const tools = lists.tools.flatMap((tool) => {
    const name = textAt(tool, 'name')
    return name === undefined ? [] : [{ name, tool }]
  })
  const known = new Set(tools.map(({ name }) => name))
  const unlisted = lists.denied_tools
    .filter((name) => !known.has(name))
    .map((name) => ({ name, tool: { name } }))
  return [...tools, ...unlisted]
}

/** Shows the change at once and takes it back if it could not be written. */
function useSetTool(id: string) {
  const gateway = useGateway()
  const cache = useQueryClient()
  return (tool: string, enabled: boolean) => {
    const key = keyOf('server.lists', { id })
    const before = cache.getQueryData<ServerLists>(key)
    cache.setQueryData<ServerLists>(key, (lists) =>
      lists === undefined
        ? undefined
        : {
            ...lists,
            denied_tools: enabled
              ? lists.denied_tools.filter((name) => name !== tool)
              : [...lists.denied_tools, tool],
          },
    )
    gateway.call('server.set_tool', { id, tool, enabled }).catch((thrown: unknown) => {
      cache.setQueryData(key, before)
      notifyFailure(`${tool} was not ${enabled ? 'enabled' : 'disabled'}.`, thrown)
    })
  }
}
