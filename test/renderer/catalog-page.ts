import { expect, type Locator, type Page } from '@playwright/test'

/** As the README of a server shows it. */
export const readme = `{
  "mcpServers": {
    "brave-search": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-brave-search"],
      "env": { "BRAVE_API_KEY": "BSA-1234567890abcdef" }
    }
  }
}`

/** The catalog screen, as a person finds things on it. */
export class CatalogPage {
  readonly page: Page
  readonly editor: Locator
  readonly form: Locator
  readonly save: Locator

  constructor(page: Page) {
    this.page = page
    this.editor = page.getByRole('textbox', { name: 'catalog.yaml' })
    this.form = page.locator('#catalog-form')
    this.save = page.getByRole('main').getByRole('button', { name: 'Save', exact: true })
  }

  /** The editor's text, as far as it is drawn: all of it, for a small catalog. */
  async text(): Promise<string> {
    const lines = await this.editor.locator('.cm-line').allTextContents()
    return lines.join('\n')
  }

  async expectText(text: string): Promise<void> {
    await expect.poll(() => this.text()).toBe(text)
  }

  /** Puts the cursor behind a text in the editor. */
  async placeBehind(text: string): Promise<void> {
    const line = this.editor.locator('.cm-line', { hasText: text }).first()
    await line.click()
    const content = (await line.textContent()) ?? ''
    await this.page.keyboard.press('Home')
    await this.page.keyboard.press('Home')
    const steps = content.indexOf(text) + text.length
    // Home goes to the first character that is no space; a second one to the line's beginning.
    for (let step = 0; step < steps; step += 1) await this.page.keyboard.press('ArrowRight')
  }

  async choose(name: string): Promise<void> {
    await this.page
      .getByRole('grid', { name: 'Servers in the catalog' })
      .getByRole('row', { name })
      .click()
    await expect(this.page.getByRole('heading', { level: 2, name })).toBeVisible()
  }

  /** Save, through the difference. Returns what it says will happen. */
  async saveAll(): Promise<string[]> {
    await this.save.click()
    const dialog = this.page.getByRole('dialog', { name: 'Save the catalog' })
    await expect(dialog).toBeVisible()
    const words = await dialog
      .getByRole('list', { name: 'What will happen' })
      .locator('li')
      .allTextContents()
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(dialog).toBeHidden()
    await expect(this.notice('Catalog saved')).toBeVisible()
    return words
  }

  notice(title: string): Locator {
    return this.page.getByRole('listitem').filter({ hasText: title })
  }
}
