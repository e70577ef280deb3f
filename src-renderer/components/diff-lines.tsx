import { cx } from './class-names.ts'

export interface DiffLine {
  kind: 'same' | 'removed' | 'added' | 'gap'
  text: string
  /** In the text before, or after for what is added. */
  number: number
}

/** Lines that go, come and stay, with their numbers; a gap stands for lines that are left out. */
export function DiffLines({ label, lines }: { label: string; lines: readonly DiffLine[] }) {
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className="overflow-auto rounded border border-line bg-code py-1 font-mono text-sm leading-[18px]"
    >
      {/* All as wide as the longest, so that the ground of each goes to the end. */}
      <div className="w-fit min-w-full">
        {lines.map((line, index) => (
          <div key={index} className={cx('flex whitespace-pre', grounds[line.kind])}>
            <span aria-hidden className="num w-10 shrink-0 pr-2 text-right text-muted select-none">
              {line.kind === 'gap' ? '' : line.number}
            </span>
            <span className="w-4 shrink-0 text-muted">
              {signs[line.kind]}
              <span className="sr-only">{words[line.kind]}</span>
            </span>
            <span className="pr-3">{line.text}</span>
          </div>
        ))}
      </div>
    </div>
  )
}

const grounds = { same: '', removed: 'bg-bad-soft', added: 'bg-ok-soft', gap: 'text-muted' }
const signs = { same: '', removed: '−', added: '+', gap: '' }
const words = { same: '', removed: 'removed: ', added: 'added: ', gap: '' }
