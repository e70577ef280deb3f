import { expect } from '@playwright/test'
import type { ElectronApplication } from '@playwright/test'
import type { Menu, MenuItem, Tray as TrayOf } from 'electron'

/** Kept in the main process: Electron tells nobody what a tray shows. */
interface Held {
  menu: Menu | null
  toolTip: string
}

export interface ShownItem {
  label: string
  enabled: boolean
  checked: boolean
  items: ShownItem[]
}

/** The app's tray as a person sees it: what it was last told to show. */
export class DesktopTray {
  private readonly electron: ElectronApplication
  private isWatched = false

  constructor(electron: ElectronApplication) {
    this.electron = electron
  }

  async items(): Promise<ShownItem[]> {
    await this.watch()
    return this.electron.evaluate(() => {
      const shown = ({ label, enabled, checked, submenu }: MenuItem): ShownItem => ({
        label,
        enabled,
        checked,
        items: submenu?.items.map(shown) ?? [],
      })
      const held: Held = Reflect.get(globalThis, 'desktopTray')
      return held.menu?.items.map(shown) ?? []
    })
  }

  async labels(): Promise<string[]> {
    return (await this.items()).map(({ label }) => label)
  }

  async toolTip(): Promise<string> {
    await this.watch()
    return this.electron.evaluate(() => {
      const held: Held = Reflect.get(globalThis, 'desktopTray')
      return held.toolTip
    })
  }

  /** Clicks an item, through submenus, once it is there and enabled. Throws if it never is. */
  async click(...labels: string[]): Promise<void> {
    await this.watch()
    // A person waits for it, too: the menu follows the servers, and may be on its way through a restart.
    await expect.poll(() => this.clickNow(labels)).toBe('clicked')
  }

  private clickNow(labels: string[]): Promise<string> {
    return this.electron.evaluate((_electron, path) => {
      const held: Held = Reflect.get(globalThis, 'desktopTray')
      let items = held.menu?.items ?? []
      let found: MenuItem | undefined
      for (const label of path) {
        found = items.find((item) => item.label === label)
        if (found?.enabled !== true) return `There is no '${label}' to click.`
        items = found.submenu?.items ?? []
      }
      found?.click()
      return 'clicked'
    }, labels)
  }

  private async watch(): Promise<void> {
    if (this.isWatched) return
    this.isWatched = true
    await this.electron.evaluate(({ Tray, nativeTheme }) => {
      const tray: Held = { menu: null, toolTip: '' }
      Object.assign(globalThis, { desktopTray: tray })
      const setContextMenu: TrayOf['setContextMenu'] = Reflect.get(Tray.prototype, 'setContextMenu')
      const setToolTip: TrayOf['setToolTip'] = Reflect.get(Tray.prototype, 'setToolTip')
      Tray.prototype.setContextMenu = function (menu) {
        tray.menu = menu
        setContextMenu.call(this, menu)
      }
      Tray.prototype.setToolTip = function (toolTip) {
        tray.toolTip = toolTip
        setToolTip.call(this, toolTip)
      }
      // Has it drawn anew.
      nativeTheme.emit('updated')
    })
  }
}
