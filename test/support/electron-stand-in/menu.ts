import type {
  Menu as MenuContract,
  MenuItem as ItemContract,
  MenuItemConstructorOptions,
  NativeImage,
  Tray as TrayContract,
} from 'electron'
import { StrictEmitter } from './strict.ts'

/** An item that a spec can click as a person would. */
export class MenuItem implements Pick<
  ItemContract,
  'label' | 'type' | 'enabled' | 'visible' | 'checked' | 'click' | 'id'
> {
  readonly id: string
  label: string
  readonly type: ItemContract['type']
  enabled: boolean
  visible: boolean
  checked: boolean
  readonly role: MenuItemConstructorOptions['role']
  readonly submenu: Menu | undefined
  private readonly action: MenuItemConstructorOptions['click']

  constructor(options: MenuItemConstructorOptions) {
    const { submenu } = options
    this.id = options.id ?? ''
    this.label = options.label ?? options.role ?? ''
    this.type = options.type ?? (submenu === undefined ? 'normal' : 'submenu')
    this.enabled = options.enabled ?? true
    this.visible = options.visible ?? true
    this.checked = options.checked ?? false
    this.role = options.role
    this.submenu = Array.isArray(submenu) ? Menu.buildFromTemplate(submenu) : undefined
    this.action = options.click
  }

  click(): void {
    if (!this.enabled) return
    if (this.type === 'checkbox') this.checked = !this.checked
    // Only the type of the item wants more than there is here.
    this.action?.(this as unknown as ItemContract, undefined, {} as Electron.KeyboardEvent)
  }
}

/** Kept, never drawn. */
export class Menu {
  static application: Menu | null = null
  items: MenuItem[] = []

  static buildFromTemplate(template: MenuItemConstructorOptions[]): Menu {
    const menu = new Menu()
    menu.items = template.map((options) => new MenuItem(options))
    return menu
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.application = menu
  }

  getMenuItemById(id: string): MenuItem | null {
    return this.items.find((item) => item.id === id) ?? null
  }

  popup(): void {}
}
Menu satisfies { setApplicationMenu: unknown; buildFromTemplate: unknown } & Record<
  keyof Pick<typeof MenuContract, 'buildFromTemplate' | 'setApplicationMenu'>,
  unknown
>

export class Tray
  extends StrictEmitter
  implements Pick<TrayContract, 'destroy' | 'isDestroyed' | 'setImage' | 'setToolTip'>
{
  image: NativeImage | string
  toolTip = ''
  menu: Menu | null = null
  private dead = false

  constructor(image: NativeImage | string) {
    super('Tray', ['click', 'double-click', 'right-click'])
    this.image = image
  }

  setImage(image: NativeImage | string): void {
    this.image = image
  }

  setToolTip(toolTip: string): void {
    this.toolTip = toolTip
  }

  setContextMenu(menu: Menu | null): void {
    this.menu = menu
  }

  destroy(): void {
    this.dead = true
  }

  isDestroyed(): boolean {
    return this.dead
  }
}
