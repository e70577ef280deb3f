import { ExternalLink, Terminal } from 'lucide-react'
import type { ClientPreview, ClientRow } from '../../../../src-shared/api-clients.ts'
import { Button } from '../../../components/button.tsx'
import { cx } from '../../../components/class-names.ts'
import { CodeBlock } from '../../../components/code-block.tsx'
import { UnifiedDiff } from '../../../components/unified-diff.tsx'
import { NoteLine } from '../note-line.tsx'
import { PathText } from '../path-text.tsx'

interface PreviewPartProps {
  row: ClientRow
  preview: ClientPreview
  isCurrent: boolean
  isRunning: boolean
  onRunCommand: () => void
}

/** What would be written, what speaks against it, and other ways to the same. */
export function PreviewPart(props: PreviewPartProps) {
  const { row, preview, isCurrent } = props
  const { warnings, diff, file, file_exists, restart, alternatives } = preview
  const isPreferred = alternatives.some(({ preferred }) => preferred)
  return (
    <section
      aria-label="Preview"
      aria-busy={!isCurrent}
      className={cx('flex flex-col gap-3', !isCurrent && 'opacity-60')}
    >
      {warnings.length > 0 && (
        <NoteLine kind="warn">
          {warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </NoteLine>
      )}
      {isPreferred && <Alternatives {...props} />}
      <div className="flex flex-col gap-1.5">
        <div className="flex min-w-0 items-baseline gap-2">
          <h3 className="shrink-0 font-medium">
            {diff === '' ? 'Nothing changes in' : file_exists ? 'Changes in' : 'Makes the file'}
          </h3>
          <PathText path={file} className="min-w-0 flex-1 text-muted" />
        </div>
        {diff !== '' && <UnifiedDiff label={`Changes in ${file}`} diff={diff} />}
        {diff !== '' && (
          <p className="text-sm text-muted">
            {file_exists
              ? 'Everything else stays as it is, byte for byte. A backup is kept.'
              : 'Undo removes it again.'}
            {restart !== null && ` Afterwards: ${restart}`}
          </p>
        )}
      </div>
      {!isPreferred && alternatives.length > 0 && (
        <details>
          <summary className="w-fit rounded-sm text-muted hover:text-text">
            Other ways to connect {row.name}
          </summary>
          <div className="pt-2">
            <Alternatives {...props} />
          </div>
        </details>
      )}
    </section>
  )
}

function Alternatives({ row, preview, isCurrent, isRunning, onRunCommand }: PreviewPartProps) {
  return (
    <ul aria-label="Other ways" className="flex flex-col gap-3">
      {preview.alternatives.map(({ via, text, note, preferred }) => (
        <li key={via} className="flex flex-col gap-1.5">
          <div className="flex items-start gap-3">
            <p className="min-w-0 flex-1">
              {preferred && (
                <span className="font-medium">
                  Better for {row.name}, which writes its file while it runs.{' '}
                </span>
              )}
              {note}
            </p>
            {via === 'cli' ? (
              <Button
                size="small"
                icon={Terminal}
                disabled={!isCurrent}
                busy={isRunning}
                onClick={onRunCommand}
              >
                Run it
              </Button>
            ) : (
              <a
                href={text}
                // In the app, what would open a window goes to the system; in a browser it would leave an empty tab.
                {...(window.openMcpGateway === undefined
                  ? {}
                  : { target: '_blank', rel: 'noreferrer' })}
                className="inline-flex h-6 shrink-0 items-center gap-1.5 rounded border border-control/60 bg-raised px-2 text-sm font-medium hover:bg-hover"
              >
                <ExternalLink size={14} aria-hidden />
                Open in {row.name}
              </a>
            )}
          </div>
          <CodeBlock label={via === 'cli' ? 'Command' : 'Link'} text={text} className="max-h-24" />
        </li>
      ))}
    </ul>
  )
}
