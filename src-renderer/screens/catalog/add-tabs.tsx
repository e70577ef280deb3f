import { useEffect, useEffectEvent, useId, useState } from 'react'
import type { SnippetEntry } from '../../../src-shared/api.ts'
import { messageOf } from '../../api-error.ts'
import { Field, Input, TextArea } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { useGateway } from '../../queries.ts'
import {
  entryFromTemplate,
  entryFromUrl,
  templates,
  variableName,
  type Template,
} from './add-templates.ts'
import { Prose } from './prose.tsx'

/** Each way to name a server tells what it has found so far. */
type OnFound = (entries: SnippetEntry[]) => void

const pauseMs = 250
const example = `{
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "~/projects"]
    }
  }
}`

/** JSON of a README, a command line, a URL. */
export function PasteTab({
  text,
  rows,
  onText,
  onFound,
}: {
  text: string
  rows: number
  onText: (text: string) => void
  onFound: OnFound
}) {
  const gateway = useGateway()
  const [refusal, setRefusal] = useState<string>()
  const tell = useEffectEvent(onFound)
  useEffect(() => {
    let isLatest = true
    const look = async (): Promise<void> => {
      try {
        const { entries } = await gateway.call('catalog.from_snippet', { text })
        if (!isLatest) return
        setRefusal(entries.length === 0 ? 'There is no server in this text.' : undefined)
        tell(entries)
      } catch (thrown) {
        if (!isLatest) return
        setRefusal(messageOf(thrown))
        tell([])
      }
    }
    if (text.trim() === '') {
      setRefusal(undefined)
      tell([])
      return undefined
    }
    const timer = setTimeout(() => void look(), pauseMs)
    return () => {
      isLatest = false
      clearTimeout(timer)
    }
  }, [text, gateway])
  return (
    <Field
      label="Text"
      hint="The mcpServers JSON that a server’s README shows, a command line, or a URL."
      error={refusal}
    >
      {(ids) => (
        <TextArea
          {...ids}
          autoFocus
          rows={rows}
          value={text}
          placeholder={example}
          className="font-mono text-sm"
          onChange={(event) => onText(event.target.value)}
        />
      )}
    </Field>
  )
}

/** A kind of server, then what it needs. */
export function TemplateTab({
  runtimeTypes,
  onFound,
}: {
  runtimeTypes: readonly string[]
  onFound: OnFound
}) {
  const offered = templates.filter(({ runtime }) => runtimeTypes.includes(runtime))
  const [chosen, setChosen] = useState<Template | undefined>(offered[0])
  const [value, setValue] = useState('')
  const [args, setArgs] = useState('')
  const name = useId()
  const tell = (template: Template | undefined, given: string, lines: string): void => {
    const list = template?.takesArgs === true ? lines.split('\n').filter((one) => one !== '') : []
    const entry = template && entryFromTemplate(template, given, list)
    onFound(entry === undefined ? [] : [{ entry, notes: [] }])
  }
  if (chosen === undefined) return <p className="text-muted">This gateway knows no template.</p>
  return (
    <div className="flex flex-col gap-3.5">
      <fieldset className="grid grid-cols-2 gap-1.5">
        <legend className="mb-1 text-base font-medium">Kind</legend>
        {offered.map((template) => (
          <label
            key={template.id}
            className="flex items-start gap-2 rounded border border-line px-2.5 py-2 hover:bg-hover has-checked:border-accent has-checked:bg-selected"
          >
            <input
              type="radio"
              name={name}
              checked={template === chosen}
              className="mt-0.5 accent-accent"
              onChange={() => {
                setChosen(template)
                setValue('')
                tell(template, '', args)
              }}
            />
            <span className="min-w-0">
              <span className="block font-medium">{template.label}</span>
              <span className="block text-sm text-muted">{template.info}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <Field label={chosen.field.label} hint={<Prose text={chosen.field.hint} />}>
        {(ids) => (
          <Input
            {...ids}
            value={value}
            spellCheck={false}
            placeholder={chosen.field.placeholder}
            className="font-mono text-sm"
            onChange={(event) => {
              setValue(event.target.value)
              tell(chosen, event.target.value, args)
            }}
          />
        )}
      </Field>
      {chosen.takesArgs && (
        <Field label="Arguments" hint="One a line. No shell: no quotes needed.">
          {(ids) => (
            <TextArea
              {...ids}
              rows={2}
              value={args}
              wrap="off"
              className="min-h-0 font-mono text-sm"
              onChange={(event) => {
                setArgs(event.target.value)
                tell(chosen, value, event.target.value)
              }}
            />
          )}
        </Field>
      )}
    </div>
  )
}

/** A server elsewhere. */
export function UrlTab({
  runtimeTypes,
  onFound,
}: {
  runtimeTypes: readonly string[]
  onFound: OnFound
}) {
  const remote = runtimeTypes.filter((type) => type.startsWith('remote-'))
  const [given, setGiven] = useState({ url: '', type: remote[0] ?? '', token: '' })
  const change = (part: Partial<typeof given>): void => {
    const next = { ...given, ...part }
    setGiven(next)
    const made = entryFromUrl(next.url.trim(), next.type, next.token)
    onFound(made === undefined ? [] : [{ entry: made, notes: [] }])
  }
  const isBad =
    given.url.trim() !== '' && entryFromUrl(given.url.trim(), given.type, '') === undefined
  return (
    <div className="flex flex-col gap-3.5">
      <Field
        label="URL"
        error={isBad ? 'This is no address. It begins with https:// or http://.' : undefined}
      >
        {(ids) => (
          <Input
            {...ids}
            autoFocus
            value={given.url}
            spellCheck={false}
            placeholder="https://mcp.example.com/mcp"
            className="font-mono text-sm"
            onChange={(event) => change({ url: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Transport"
        hint="HTTP is what servers speak today; SSE is tried for older ones."
      >
        {(ids) => (
          <Select
            {...ids}
            className="max-w-60"
            value={given.type}
            onChange={(event) => change({ type: event.target.value })}
          >
            {remote.map((type) => (
              <option key={type} value={type}>
                {type === 'remote-http' ? 'HTTP' : 'HTTP, or SSE'}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field
        label="Variable with its token"
        hint="Sent as Authorization: Bearer; the token itself stays in your environment. Leave it empty for a server that you sign in to in the browser."
        error={
          given.token === '' || variableName.test(given.token)
            ? undefined
            : 'Give a variable’s name, such as GITHUB_TOKEN, not the token itself.'
        }
      >
        {(ids) => (
          <Input
            {...ids}
            value={given.token}
            spellCheck={false}
            placeholder="GITHUB_TOKEN"
            className="max-w-60 font-mono text-sm"
            onChange={(event) => change({ token: event.target.value })}
          />
        )}
      </Field>
    </div>
  )
}
