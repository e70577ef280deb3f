import { MessageSquareText } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { ServerDetailView, ServerLists } from '../../../src-shared/api-servers.ts'
import { Button } from '../../components/button.tsx'
import { Field, TextArea } from '../../components/field.tsx'
import { SplitView } from '../../components/split-view.tsx'
import { EmptyState } from '../../components/states.tsx'
import { Cell, VirtualList } from '../../components/virtual-list.tsx'
import { CallView } from './call-view.tsx'
import { isRecord } from './schema-form/schema.ts'
import { RefreshLists, textAt, useChosenItem, WithLists } from './server-lists.tsx'
import { useCall } from './use-call.ts'

export function PromptsTab({ server }: { server: ServerDetailView }) {
  return (
    <WithLists server={server}>
      {(lists) =>
        lists.prompts.length === 0 ? (
          <EmptyState
            icon={MessageSquareText}
            title="This server has no prompts."
            action={<RefreshLists id={server.id} />}
          />
        ) : (
          <Prompts server={server} lists={lists} />
        )
      }
    </WithLists>
  )
}

interface PromptItem {
  name: string
  title: string
  description: string | undefined
  arguments: { name: string; description: string | undefined; required: boolean }[]
}

function Prompts({ server, lists }: { server: ServerDetailView; lists: ServerLists }) {
  const { item, choose } = useChosenItem(server.id)
  const prompts = useMemo(() => lists.prompts.flatMap(promptOf), [lists])
  const chosen = prompts.find(({ name }) => name === item)
  return (
    <SplitView
      hint="Choose a prompt to get it."
      back={{ label: 'All prompts', onBack: () => choose(undefined) }}
      list={
        <VirtualList
          label="Prompts"
          items={prompts}
          keyOf={({ name }) => name}
          textOf={({ title }) => title}
          selectedKey={item}
          columns="minmax(0,1fr)"
          className="[&_[role=row]]:px-3"
          onOpen={({ name }) => choose(name)}
          renderRow={({ title, description }) => <Cell title={description}>{title}</Cell>}
        />
      }
      detail={
        chosen === undefined ? null : <GetPrompt key={chosen.name} id={server.id} prompt={chosen} />
      }
    />
  )
}

function promptOf(given: Readonly<Record<string, unknown>>): PromptItem[] {
  const name = textAt(given, 'name')
  if (name === undefined) return []
  const list = Array.isArray(given['arguments']) ? given['arguments'].filter(isRecord) : []
  return [
    {
      name,
      title: textAt(given, 'title') ?? name,
      description: textAt(given, 'description'),
      arguments: list.map((one) => ({
        name: textAt(one, 'name') ?? '',
        description: textAt(one, 'description'),
        required: one['required'] === true,
      })),
    },
  ]
}

function GetPrompt({ id, prompt }: { id: string; prompt: PromptItem }) {
  const call = useCall(id)
  const [values, setValues] = useState<Record<string, string>>({})
  const isRunning = call.state.kind === 'running'
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
  const missing = prompt.arguments.some(({ name, required }) => required && !(name in given))
  return (
    <>
      <form
        className="flex flex-col gap-4 px-5 py-4"
        onSubmit={(event) => {
          event.preventDefault()
          void call.send('prompts/get', { name: prompt.name, arguments: given })
        }}
      >
        <div>
          <h3 className="text-lead font-semibold">{prompt.title}</h3>
          {prompt.description !== undefined && (
            <p className="mt-1 text-prose text-muted">{prompt.description}</p>
          )}
        </div>
        {prompt.arguments.map(({ name, description, required }) => (
          <Field
            key={name}
            label={name}
            required={required}
            {...(description === undefined ? {} : { hint: description })}
          >
            {(ids) => (
              <TextArea
                {...ids}
                rows={1}
                className="min-h-8 resize-none [field-sizing:content]"
                value={values[name] ?? ''}
                onChange={(event) => setValues({ ...values, [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
        <div className="flex gap-3">
          <Button kind="primary" type="submit" disabled={isRunning || missing}>
            Get prompt
          </Button>
          {isRunning && <Button onClick={call.cancel}>Cancel</Button>}
        </div>
      </form>
      <CallView state={call.state} />
    </>
  )
}
