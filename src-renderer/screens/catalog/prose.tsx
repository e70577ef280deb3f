import { Fragment } from 'react'

/** Text of the schema: `code` in backticks. */
export function Prose({ text }: { text: string }) {
  return text.split('`').map((part, index) =>
    index % 2 === 0 ? (
      <Fragment key={index}>{part}</Fragment>
    ) : (
      <code key={index} className="rounded-sm bg-hover px-1 font-mono text-xs">
        {part}
      </code>
    ),
  )
}
