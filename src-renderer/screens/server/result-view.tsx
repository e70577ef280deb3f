import { CodeBlock } from '../../components/code-block.tsx'
import { JsonView } from '../../components/json-view.tsx'
import { ContentBlock } from './content-block.tsx'
import { isRecord } from './schema-form/schema.ts'
import { plainText } from './plain-text.ts'

/** A result of tools/call, resources/read or prompts/get, each part by its type. */
export function ResultView({ result }: { result: unknown }) {
  if (!isRecord(result)) return <CodeBlock label="Result" text={JSON.stringify(result, null, 2)} />
  const content = listAt(result, 'content')
  const contents = listAt(result, 'contents')
  const messages = listAt(result, 'messages')
  const structured = result['structuredContent']
  if (content === undefined && contents === undefined && messages === undefined)
    return <JsonView label="Result" value={result} />
  return (
    <div className="flex flex-col gap-3">
      {structured !== undefined && (
        <div className="flex flex-col gap-1">
          <h5 className="text-sm text-muted">Structured</h5>
          <JsonView label="Structured content" value={structured} openLevels={3} />
        </div>
      )}
      {content
        ?.filter((block) => !repeats(block, structured))
        .map((block, index) => (
          <ContentBlock key={index} block={block} />
        ))}
      {contents?.map((resource, index) => (
        <ContentBlock key={index} block={{ type: 'resource', resource }} />
      ))}
      {messages?.map((message, index) => (
        <div key={index} className="flex flex-col gap-1">
          <h5 className="text-sm text-muted">{plainText(message['role'])}</h5>
          {isRecord(message['content']) && <ContentBlock block={message['content']} />}
        </div>
      ))}
      {content?.length === 0 && structured === undefined && (
        <p className="text-muted">The result is empty.</p>
      )}
    </div>
  )
}

function listAt(
  of: Readonly<Record<string, unknown>>,
  key: string,
): Record<string, unknown>[] | undefined {
  const list = of[key]
  return Array.isArray(list) ? list.filter(isRecord) : undefined
}

/** Servers send the structured content as text as well, for old clients: once is enough. */
function repeats(block: Readonly<Record<string, unknown>>, structured: unknown): boolean {
  if (structured === undefined || block['type'] !== 'text') return false
  try {
    return JSON.stringify(JSON.parse(plainText(block['text']))) === JSON.stringify(structured)
  } catch {
    return false
  }
}
