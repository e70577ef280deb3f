import { useNavigate } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { actionWords } from '../../../src-shared/action-words.ts'
import { messageOf } from '../../api-error.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TabPanel, Tabs } from '../../components/tabs.tsx'
import { runtimeTypes } from '../../editor/catalog-completion.ts'
import type { SchemaNode } from '../../editor/schema-node.ts'
import { counted } from '../../words.ts'
import { PasteTab, TemplateTab, UrlTab } from './add-tabs.tsx'
import { fieldProblem } from './field-rules.ts'
import { useKeepSecret } from '../secrets/use-secrets.ts'
import { FoundList } from './found-list.tsx'
import { entryToAdd, foundServers, type FoundServer } from './found-servers.ts'

interface AddDialogProps {
  /** A server, by the catalog's schema. */
  schema: SchemaNode
  takenIds: readonly string[]
  /** What was dropped on the screen. */
  dropped: string
  onClose: () => void
  /** Rejects with the reason if they cannot be added. */
  onAdd: (entries: Record<string, unknown>[]) => Promise<void>
}

/** Servers from a paste, a template or a URL, looked at before they go into the text. */
export function AddDialog({ schema, takenIds, dropped, onClose, onAdd }: AddDialogProps) {
  const [tab, setTab] = useState('paste')
  const [text, setText] = useState(dropped)
  const [found, setFound] = useState<FoundServer[]>([])
  const [failure, setFailure] = useState<unknown>()
  const navigate = useNavigate()
  const types = runtimeTypes(schema)
  const chosen = found.filter(({ isIncluded }) => isIncluded)
  const idNode = schema.properties.get('id')
  const idProblems = found.map(({ id, isIncluded }, index) => {
    if (!isIncluded || idNode === undefined) return undefined
    const others = found.filter((one, at) => at !== index && one.isIncluded).map((one) => one.id)
    return fieldProblem(idNode, id, { required: true, taken: [...takenIds, ...others] })
  })
  const isReady = chosen.length > 0 && idProblems.every((problem) => problem === undefined)
  const { keep, isPending } = useKeepSecret()
  const add = async (): Promise<void> => {
    const entries = []
    for (const one of chosen) {
      const entry = await entryToAdd(one, keep)
      if (entry === undefined) return
      entries.push(entry)
    }
    await onAdd(entries).then(onClose, setFailure)
  }
  const take = (entries: Parameters<typeof foundServers>[0]): void =>
    setFound(foundServers(entries, takenIds))
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title="Add server"
      footer={
        <>
          <Button
            icon={Download}
            kind="quiet"
            className="mr-auto"
            onClick={() => void navigate({ to: '/clients', search: { import: '1' } })}
          >
            {actionWords.importServers}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={!isReady} busy={isPending} onClick={() => void add()}>
            {chosen.length > 1 ? `Add ${counted(chosen.length, 'server')}` : 'Add server'}
          </Button>
        </>
      }
    >
      <div className="-mx-5">
        <Tabs
          label="Ways to add a server"
          value={tab}
          onChange={(next) => {
            setTab(next)
            setFound([])
          }}
          items={[
            { value: 'paste', label: 'Paste' },
            { value: 'template', label: 'Template' },
            { value: 'url', label: 'URL' },
          ]}
        >
          <TabPanel value="paste">
            <div className="px-5 pt-4">
              <PasteTab
                text={text}
                rows={found.length > 0 ? 5 : 9}
                onText={setText}
                onFound={take}
              />
            </div>
          </TabPanel>
          <TabPanel value="template">
            <div className="px-5 pt-4">
              <TemplateTab runtimeTypes={types} onFound={take} />
            </div>
          </TabPanel>
          <TabPanel value="url">
            <div className="px-5 pt-4">
              <UrlTab runtimeTypes={types} onFound={take} />
            </div>
          </TabPanel>
        </Tabs>
      </div>
      {found.length > 0 && (
        <section aria-label="Preview" className="mt-4 border-t border-line pt-1">
          <FoundList found={found} idProblems={idProblems} onChange={setFound} />
        </section>
      )}
      {failure !== undefined && (
        <Banner kind="bad" className="mt-3 rounded">
          Nothing was added. {messageOf(failure)}
        </Banner>
      )}
    </Dialog>
  )
}
