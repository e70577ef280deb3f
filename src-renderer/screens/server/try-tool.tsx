import { useMemo, useState } from 'react'
import type { ServerDetailView } from '../../../src-shared/api-servers.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { counted } from '../../words.ts'
import { CallView } from './call-view.tsx'
import { initialValue } from './schema-form/initial-value.ts'
import { JsonText } from './schema-form/json-field.tsx'
import { isRecord } from './schema-form/schema.ts'
import { SchemaForm } from './schema-form/schema-form.tsx'
import { validate } from './schema-form/validate.ts'
import { textAt } from './server-lists.tsx'
import { useCall } from './use-call.ts'

interface TryToolProps {
  server: ServerDetailView
  tool: Readonly<Record<string, unknown>>
  /** Clients may not use it. */
  denied: boolean
}

const noArguments = {}

/** A tool's words, a form for its arguments, and what it answers. */
export function TryTool({ server, tool, denied }: TryToolProps) {
  const name = textAt(tool, 'name') ?? ''
  const title = textAt(tool, 'title')
  const description = textAt(tool, 'description')
  const schema = tool['inputSchema'] ?? noArguments
  const [value, setValue] = useState<unknown>(() => initialValue(schema, schema) ?? {})
  const [asJson, setAsJson] = useState(false)
  const [jsonIsValid, setJsonIsValid] = useState(true)
  const [attempted, setAttempted] = useState(false)
  const call = useCall(server.id)
  const problems = useMemo(() => validate(value, schema, schema), [value, schema])
  const isRunning = call.state.kind === 'running'

  const send = () => {
    setAttempted(false)
    void call.send('tools/call', { name, arguments: isRecord(value) ? value : {} })
  }
  const attempt = () => {
    if (isRunning || !jsonIsValid) return
    if (problems.length === 0) send()
    else setAttempted(true)
  }

  return (
    <div className="flex flex-col">
      {denied && (
        <Banner>Clients may not use this tool: the catalog denies it. Here it can be tried.</Banner>
      )}
      <form
        className="flex flex-col gap-4 px-5 py-4"
        onSubmit={(event) => {
          event.preventDefault()
          attempt()
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          attempt()
        }}
      >
        <div>
          <div className="flex flex-wrap items-baseline gap-x-2">
            <h3 className="text-lead font-semibold">{title ?? name}</h3>
            {title !== undefined && <span className="font-mono text-sm text-muted">{name}</span>}
          </div>
          <Hints annotations={tool['annotations']} />
          {description !== undefined && (
            <p className="mt-1 text-prose whitespace-pre-wrap text-muted">{description}</p>
          )}
        </div>
        <div className="flex items-center justify-between border-b border-line pb-1.5">
          <h4 className="font-medium">Arguments</h4>
          <Button
            kind="quiet"
            size="small"
            disabled={asJson && !jsonIsValid}
            onClick={() => setAsJson(!asJson)}
          >
            {asJson ? 'As a form' : 'As JSON'}
          </Button>
        </div>
        {asJson ? (
          <JsonText
            aria-label="Arguments as JSON"
            value={value}
            onChange={(next) => setValue(next ?? {})}
            onValid={setJsonIsValid}
            minLines={6}
          />
        ) : isEmptySchema(schema) ? (
          <p className="text-muted">This tool takes no arguments.</p>
        ) : (
          <SchemaForm
            schema={schema}
            value={value}
            onChange={setValue}
            problems={attempted ? problems : []}
          />
        )}
        <div className="flex flex-wrap items-center gap-3">
          <Button kind="primary" type="submit" disabled={isRunning || !jsonIsValid}>
            Call {title ?? name}
          </Button>
          {isRunning && <Button onClick={call.cancel}>Cancel</Button>}
          {attempted && problems.length > 0 && (
            <span role="alert" className="flex items-center gap-2 text-bad">
              {counted(problems.length, 'problem')}
              <Button kind="quiet" size="small" onClick={send}>
                Call anyway
              </Button>
            </span>
          )}
        </div>
      </form>
      <CallView state={call.state} />
    </div>
  )
}

/** What the server says about the tool's effects: hints, not promises. */
function Hints({ annotations }: { annotations: unknown }) {
  if (!isRecord(annotations)) return null
  const hints = [
    annotations['readOnlyHint'] === true && 'reads only',
    annotations['destructiveHint'] === true &&
      annotations['readOnlyHint'] !== true &&
      'may destroy',
    annotations['idempotentHint'] === true && 'repeatable',
    annotations['openWorldHint'] === true && 'reaches outside',
  ].filter((hint) => hint !== false)
  return hints.length === 0 ? null : (
    <p className="text-sm text-muted">The server says: {hints.join(', ')}.</p>
  )
}

function isEmptySchema(schema: unknown): boolean {
  if (!isRecord(schema)) return true
  const { properties, additionalProperties, ...rest } = schema
  const hasProperties = isRecord(properties) && Object.keys(properties).length > 0
  const isOpen = additionalProperties === true || isRecord(additionalProperties)
  const others = Object.keys(rest).filter((key) => !['type', '$schema', 'required'].includes(key))
  return !hasProperties && !isOpen && others.length === 0
}
