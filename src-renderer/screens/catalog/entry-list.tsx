import type { CatalogEntry } from '../../../src-shared/api.ts'
import { Cell, VirtualList } from '../../components/virtual-list.tsx'
import { launchOf, nameOf } from './server-words.ts'

export interface ListedServer {
  index: number
  server: CatalogEntry
  problems: number
  /** New, or not as in the file. */
  changed: boolean
}

interface EntryListProps {
  servers: readonly ListedServer[]
  chosen: number
  onChoose: (index: number) => void
}

/** The servers of the text, in its order. */
export function EntryList({ servers, chosen, onChoose }: EntryListProps) {
  return (
    <VirtualList
      label="Servers in the catalog"
      items={servers}
      keyOf={({ index }) => String(index)}
      textOf={({ server }) => nameOf(server)}
      columns="minmax(0,1fr) auto"
      rowHeight={44}
      selectedKey={String(chosen)}
      onOpen={({ index }) => onChoose(index)}
      renderRow={({ server, problems, changed }) => (
        <>
          <Cell className="leading-[18px]">
            <div className={server.entry['enabled'] === false ? 'truncate text-muted' : 'truncate'}>
              {nameOf(server)}
            </div>
            <div className="truncate font-mono text-xs text-muted">{launchOf(server.entry)}</div>
          </Cell>
          <Cell className="flex items-center gap-1.5 text-xs">
            {server.entry['enabled'] === false && <span className="text-muted">off</span>}
            {problems > 0 ? (
              <span className="text-bad">
                <span aria-hidden>▲ </span>
                {problems}
                <span className="sr-only"> problems</span>
              </span>
            ) : (
              changed && (
                <span className="text-accent" title="Not saved yet">
                  <span aria-hidden>●</span>
                  <span className="sr-only">not saved yet</span>
                </span>
              )
            )}
          </Cell>
        </>
      )}
    />
  )
}
