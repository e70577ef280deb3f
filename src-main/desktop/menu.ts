import { Menu } from 'electron'
import type { MenuItemConstructorOptions, WebContents } from 'electron'
import { actionWords } from '../../src-shared/action-words.ts'

/**
 * The menu bar: on macOS it is where people look, elsewhere it is hidden and carries the keys for editing, zoom and
 * quitting.
 */
export function setupMenu(): void {
  const template: MenuItemConstructorOptions[] =
    process.platform === 'darwin'
      ? [{ role: 'appMenu' }, { role: 'editMenu' }, view, { role: 'windowMenu' }]
      : [
          {
            label: 'File',
            submenu: [{ role: 'quit', label: actionWords.quit, accelerator: 'Ctrl+Q' }],
          },
          { role: 'editMenu' },
          view,
        ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}

const view: MenuItemConstructorOptions = {
  label: 'View',
  submenu: [
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
  ],
}

/** Cut, copy and paste under the right mouse button, as everywhere else on the system. */
export function setupContextMenu(contents: WebContents): void {
  contents.on('context-menu', (_event, { isEditable, selectionText, editFlags }) => {
    const items: MenuItemConstructorOptions[] = isEditable
      ? [
          { role: 'cut', enabled: editFlags.canCut },
          { role: 'copy', enabled: editFlags.canCopy },
          { role: 'paste', enabled: editFlags.canPaste },
          { type: 'separator' },
          { role: 'selectAll' },
        ]
      : selectionText === ''
        ? []
        : [{ role: 'copy' }]
    if (items.length > 0) Menu.buildFromTemplate(items).popup()
  })
}
