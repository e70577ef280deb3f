import { Copy } from 'lucide-react'
import { IconButton } from './button.tsx'
import { cx } from './class-names.ts'
import { copyText } from './copy.ts'

interface CodeBlockProps {
  text: string
  /** What it is: for readers and the copy button ("Arguments"). */
  label: string
  wrap?: boolean
  className?: string
}

/** Text in mono that scrolls by itself and can be copied whole. */
export function CodeBlock({ text, label, wrap = true, className }: CodeBlockProps) {
  return (
    <div className={cx('group relative min-w-0 rounded border border-line bg-code', className)}>
      <pre
        tabIndex={0}
        aria-label={label}
        role="region"
        className={cx(
          'max-h-[inherit] overflow-auto px-3 py-2 pr-9 font-mono text-sm leading-[18px]',
          wrap && 'wrap-anywhere whitespace-pre-wrap',
        )}
      >
        {text}
      </pre>
      <IconButton
        icon={Copy}
        label={`Copy ${label.toLowerCase()}`}
        size="small"
        className="absolute top-1.5 right-1.5"
        onClick={() => copyText(text, label)}
      />
    </div>
  )
}
