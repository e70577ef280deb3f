import type { ServerRow } from '../../../src-shared/api-servers.ts'
import { statusMarks } from '../../../src-shared/action-words.ts'
import type { ContainerRow } from '../../../src-shared/container.ts'
import { shownState } from '../../../src-shared/shown-state.ts'
import { cx } from '../../components/class-names.ts'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { Cell } from '../../components/virtual-list.tsx'
import { pullPercent } from '../../containers.ts'
import { stateInWords } from '../../state-words.ts'

const inks = { unhealthy: 'text-bad', sign_in_needed: 'text-warn' } as const

/** The state and why; while an image is pulled, how far it is. */
export function StateCell({
  row,
  container,
}: {
  row: ServerRow
  container: ContainerRow | undefined
}) {
  const state = shownState(row)
  const ink = state === 'unhealthy' || state === 'sign_in_needed' ? inks[state] : 'text-muted'
  const image = container?.image
  if (image?.state !== 'pulling')
    return (
      <Cell className={ink} title={stateInWords(row)}>
        {stateInWords(row)}
      </Cell>
    )
  const percent = pullPercent(image.progress)
  const doing = `pulling image${percent === undefined ? '' : ` ${percent} %`}`
  return (
    <Cell className={cx('flex flex-col gap-1', ink)} title={image.name}>
      <span className="num truncate leading-4">
        {statusMarks[state].word}, {doing}
      </span>
      <ProgressBar label={`Pulling ${image.name}`} percent={percent} className="max-w-48" />
    </Cell>
  )
}
