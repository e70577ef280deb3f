import { messageOf } from '../../api-error.ts'
import { notify, notifyFailure } from '../../components/toast.tsx'
import { counted } from '../../words.ts'
import type { CatalogDocument, CatalogSnapshot, Saved } from './catalog-document.ts'
import { named } from './change-summary.ts'

/** Why the text cannot be saved as it is; undefined if it can. */
export function saveObstacle(now: CatalogSnapshot): string | undefined {
  if (now.theirs !== undefined) {
    return 'The file was changed by another program. Choose above the editor what becomes of it.'
  }
  if (now.problems.length > 0) {
    const [first] = now.problems
    return `There ${now.problems.length === 1 ? 'is' : 'are'} ${counted(now.problems.length, 'problem')}. The first is in line ${first?.line}: ${first?.message}`
  }
  return undefined
}

/** Writes the text and tells what came of it, with a way back. */
export async function saveAndTell(document: CatalogDocument): Promise<void> {
  const saved = await document.save()
  notify({
    title: 'Catalog saved',
    description: reloadInWords(saved),
    action: { label: 'Undo', run: () => void undo(document, saved) },
  })
}

async function undo(document: CatalogDocument, saved: Saved): Promise<void> {
  try {
    await document.undoSave(saved)
    notify({ title: 'The catalog is as it was before' })
  } catch (thrown) {
    notifyFailure('The save was not undone.', messageOf(thrown))
  }
}

function reloadInWords({ reload }: Saved): string {
  const { servers_added: added, servers_changed: changed, servers_removed: removed } = reload
  const parts = [
    added.length > 0 && `Added ${named(added)}.`,
    changed.length > 0 && `Changed ${named(changed)}.`,
    removed.length > 0 && `Removed ${named(removed)}.`,
  ].filter((part) => part !== false)
  return parts.length > 0 ? parts.join(' ') : 'No server was changed by it.'
}
