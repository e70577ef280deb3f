import { Download, Link2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { CodeBlock } from '../../components/code-block.tsx'
import { JsonView } from '../../components/json-view.tsx'
import { bytesInWords } from '../../words.ts'
import { isRecord } from './schema-form/schema.ts'
import { plainText } from './plain-text.ts'

type Block = Readonly<Record<string, unknown>>

/** One part of a result, by its type: text, image, audio, resource or a link to one. */
export function ContentBlock({ block }: { block: Block }) {
  const mimeType = plainText(block['mimeType'])
  switch (block['type']) {
    case 'text':
      return <TextContent text={plainText(block['text'])} label="Text" />
    case 'image':
    case 'audio':
      return <Blob data={plainText(block['data'])} mimeType={mimeType} name={block['type']} />
    case 'resource_link':
      return <ResourceLink link={block} />
    case 'resource':
      return isRecord(block['resource']) ? <Resource resource={block['resource']} /> : null
    default:
      return <JsonView label="Content" value={block} />
  }
}

/** Text that is JSON is shown as JSON. */
function TextContent({ text, label }: { text: string; label: string }) {
  const value = jsonIn(text)
  if (value !== undefined) return <JsonView label={label} value={value} />
  return <CodeBlock label={label} text={text} className="max-h-[420px]" />
}

function jsonIn(text: string): unknown {
  const begin = text.trimStart()[0]
  if (begin !== '{' && begin !== '[') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function Resource({ resource }: { resource: Block }) {
  const uri = plainText(resource['uri'])
  const mimeType = plainText(resource['mimeType'])
  return (
    <div className="flex flex-col gap-1">
      <p className="flex items-baseline gap-2 text-sm text-muted">
        <span className="font-mono wrap-anywhere">{uri}</span>
        <span className="shrink-0">{mimeType}</span>
      </p>
      {typeof resource['blob'] === 'string' ? (
        <Blob data={resource['blob']} mimeType={mimeType} name={uri} />
      ) : (
        <TextContent text={plainText(resource['text'])} label="Resource" />
      )}
    </div>
  )
}

function ResourceLink({ link }: { link: Block }) {
  const { name, title, description } = link
  return (
    <div className="flex items-start gap-2.5 rounded border border-line px-3 py-2">
      <Link2 size={16} aria-hidden className="mt-0.5 shrink-0 text-muted" />
      <div className="min-w-0">
        <p className="font-medium">{plainText(title ?? name ?? 'Resource')}</p>
        <p className="font-mono text-sm wrap-anywhere text-muted">{plainText(link['uri'])}</p>
        {typeof description === 'string' && <p className="text-muted">{description}</p>}
      </div>
    </div>
  )
}

/** Bytes: pictures and sounds are shown, everything can be saved. */
function Blob({ data, mimeType, name }: { data: string; mimeType: string; name: string }) {
  const url = useBlobUrl(data, mimeType)
  if (url === undefined) return <p className="text-bad">The data is not base64.</p>
  return (
    <figure className="flex flex-col items-start gap-1.5">
      {mimeType.startsWith('image/') ? (
        <img
          src={url}
          alt={`Result (${mimeType})`}
          className="max-h-[420px] min-w-16 max-w-full rounded border border-line bg-code object-contain [image-rendering:auto]"
        />
      ) : mimeType.startsWith('audio/') ? (
        <audio controls src={url} aria-label={`Sound (${mimeType})`} />
      ) : null}
      <figcaption className="flex items-center gap-3 text-sm text-muted">
        <span>
          {mimeType === '' ? 'Data' : mimeType}, {bytesInWords(Math.floor((data.length * 3) / 4))}
        </span>
        <a
          href={url}
          download={fileNameOf(name, mimeType)}
          className="inline-flex items-center gap-1 text-accent hover:underline"
        >
          <Download size={14} aria-hidden />
          Save
        </a>
      </figcaption>
    </figure>
  )
}

/** An address for bytes in base64, given back when they are no longer shown. */
function useBlobUrl(data: string, mimeType: string): string | undefined {
  const [url, setUrl] = useState<string | undefined>('')
  useEffect(() => {
    const bytes = bytesOf(data)
    if (bytes === undefined) return setUrl(undefined)
    const made = URL.createObjectURL(new globalThis.Blob([bytes], { type: safeType(mimeType) }))
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [data, mimeType])
  return url
}

/** What a browser would run as a page of ours is only data. */
function safeType(mimeType: string): string {
  return /^(image|audio)\//.test(mimeType) ? mimeType : 'application/octet-stream'
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  } catch {
    return undefined
  }
}

function fileNameOf(name: string, mimeType: string): string {
  const last = name.split('/').at(-1) ?? ''
  if (/\.\w+$/.test(last)) return last
  const extension = mimeType.split(/[/;+]/)[1] ?? 'bin'
  return `${last === '' ? 'result' : last}.${extension.replace(/[^\w-]/g, '')}`
}
