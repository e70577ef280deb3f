import { Menu, nativeImage, nativeTheme, screen, Tray } from 'electron'
import type { MenuItemConstructorOptions, NativeImage } from 'electron'
import { trayPicture } from './app-files.ts'
import { trayModel } from './tray-model.ts'
import type { TrayAct, TrayIcon, TrayItem, TrayState } from './tray-model.ts'

export interface AppTray {
  /** Draws it anew if anything that it shows has changed: an open menu is closed by that on some systems. */
  render(state: TrayState): void
}

/** A tray icon, from `trayModel` alone. */
export function setupTray(onAct: (act: TrayAct) => void): AppTray {
  let tray: Tray | undefined
  let shown = ''
  let last: TrayState | undefined
  const render = (state: TrayState): void => {
    last = state
    const model = trayModel(state)
    const text = JSON.stringify(model)
    if (text === shown) return
    shown = text
    const picture = pictureOf(model.icon)
    if (tray === undefined) {
      tray = new Tray(picture)
      // Windows opens with one click; macOS and Linux show the menu.
      if (process.platform === 'win32') tray.on('click', () => onAct({ do: 'show' }))
    } else tray.setImage(picture)
    tray.setToolTip(model.tooltip)
    tray.setContextMenu(Menu.buildFromTemplate(templateOf(model.items, onAct)))
  }
  nativeTheme.on('updated', () => {
    shown = ''
    if (last !== undefined) render(last)
  })
  return { render }
}

function templateOf(
  items: readonly TrayItem[],
  onAct: (act: TrayAct) => void,
): MenuItemConstructorOptions[] {
  return items.map((item): MenuItemConstructorOptions => {
    switch (item.type) {
      case 'separator':
        return { type: 'separator' }
      case 'text':
        return { label: plain(item.label), enabled: false }
      case 'submenu':
        return { label: plain(item.label), submenu: templateOf(item.items, onAct) }
      case 'checkbox':
        return {
          type: 'checkbox',
          label: plain(item.label),
          checked: item.checked,
          click: () => onAct(item.act),
        }
      case 'act':
        return { label: plain(item.label), enabled: item.enabled, click: () => onAct(item.act) }
    }
  })
}

/** `&` marks a key in menus; in a server's name it is an `&`. */
function plain(label: string): string {
  return label.replaceAll('&', '&&')
}

function pictureOf(icon: TrayIcon): NativeImage {
  return nativeImage.createFromPath(trayPicture(fileOf(icon)))
}

function fileOf(icon: TrayIcon): string {
  if (process.platform === 'darwin') return `${icon}Template.png`
  const on = isDark() ? 'on-dark' : 'on-light'
  if (process.platform === 'win32') return `${icon}-${on}.ico`
  return `${icon}-${on}-${screen.getPrimaryDisplay().scaleFactor > 1.5 ? 48 : 22}.png`
}

/** Of the taskbar or panel; on Linux nobody says, and most are dark. */
function isDark(): boolean {
  return process.platform === 'win32' ? nativeTheme.shouldUseDarkColorsForSystemIntegratedUI : true
}
