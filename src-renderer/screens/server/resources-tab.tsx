import { FileText } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { ServerDetailView, ServerLists } from '../../../src-shared/api-servers.ts'
import { Button } from '../../components/button.tsx'
import { Field, Input } from '../../components/field.tsx'
import { SplitView } from '../../components/split-view.tsx'
import { EmptyState } from '../../components/states.tsx'
import { Cell, VirtualList } from '../../components/virtual-list.tsx'
import { CallView } from './call-view.tsx'
import { RefreshLists, textAt, useChosenItem, WithLists } from './server-lists.tsx'
import { fillTemplate, variablesOf } from './uri-template.ts'
import { useCall } from './use-call.ts'

/** Resources and templates for their addresses, read on demand. */
export function ResourcesTab({ server }: { server: ServerDetailView }) {
  return (
    <WithLists server={server}>
      {(lists) =>
        lists.resources.length + lists.resource_templates.length === 0 ? (
          <EmptyState
            icon={FileText}
            title="This server has no resources."
            action={<RefreshLists id={server.id} />}
          />
        ) : (
          <Resources server={server} lists={lists} />
        )
      }
    </WithLists>
  )
}

interface ResourceItem {
  uri: string
  name: string
  description: string | undefined
  mimeType: string | undefined
}

function Resources({ server, lists }: { server: ServerDetailView; lists: ServerLists }) {
  const { item, choose } = useChosenItem(server.id)
  const items = useMemo(
    () => [...lists.resources, ...lists.resource_templates].flatMap(itemOf),
    [lists],
  )
  const chosen = items.find(({ uri }) => uri === item)
  return (
    <SplitView
      hint="Choose a resource to read it."
      back={{ label: 'All resources', onBack: () => choose(undefined) }}
      list={
        <VirtualList
          label="Resources"
          items={items}
          keyOf={({ uri }) => uri}
          textOf={({ name }) => name}
          selectedKey={item}
          columns="minmax(0,1fr)"
          rowHeight={48}
          className="[&_[role=row]]:px-3"
          onOpen={({ uri }) => choose(uri)}
          renderRow={({ uri, name }) => (
            <Cell>
              <span className="block truncate leading-[18px]">{name}</span>
              <span className="block truncate font-mono text-xs text-muted">{uri}</span>
            </Cell>
          )}
        />
      }
      detail={
        chosen === undefined ? null : (
          <ReadResource key={chosen.uri} id={server.id} resource={chosen} />
        )
      }
    />
  )
}

function itemOf(given: Readonly<Record<string, unknown>>): ResourceItem[] {
  const uri = textAt(given, 'uri') ?? textAt(given, 'uriTemplate')
  if (uri === undefined) return []
  return [
    {
      uri,
      name: textAt(given, 'title') ?? textAt(given, 'name') ?? uri,
      description: textAt(given, 'description'),
      mimeType: textAt(given, 'mimeType'),
    },
  ]
}

function ReadResource({ id, resource }: { id: string; resource: ResourceItem }) {
  const call = useCall(id)
  const [values, setValues] = useState<Record<string, string>>({})
  const variables = useMemo(() => variablesOf(resource.uri), [resource.uri])
  const uri = fillTemplate(resource.uri, values)
  const isRunning = call.state.kind === 'running'
  return (
    <>
      <form
        className="flex flex-col gap-4 px-5 py-4"
        onSubmit={(event) => {
          event.preventDefault()
          void call.send('resources/read', { uri })
        }}
      >
        <div>
          <h3 className="text-lead font-semibold">{resource.name}</h3>
          <p className="font-mono text-sm wrap-anywhere text-muted">
            {variables.length === 0 ? resource.uri : uri}
          </p>
          {resource.mimeType !== undefined && (
            <p className="text-sm text-muted">{resource.mimeType}</p>
          )}
          {resource.description !== undefined && (
            <p className="mt-1 text-prose text-muted">{resource.description}</p>
          )}
        </div>
        {variables.map((name) => (
          <Field key={name} label={name}>
            {(ids) => (
              <Input
                {...ids}
                value={values[name] ?? ''}
                onChange={(event) => setValues({ ...values, [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
        <div className="flex gap-3">
          <Button kind="primary" type="submit" disabled={isRunning}>
            Read
          </Button>
          {isRunning && <Button onClick={call.cancel}>Cancel</Button>}
        </div>
      </form>
      <CallView state={call.state} />
    </>
  )
}
