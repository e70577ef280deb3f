/**
 * `npm run icons`: draws resources/icons/*.svg with Chromium into the pictures that the programs and packages use.
 * They are committed, so that nobody needs a browser to build; resources/icons/rendered.json says of which drawings
 * they are. Without a Chromium on this machine, Playwright's own is used if it is installed.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { chromium } from '@playwright/test'
import { findChromium } from './test-tools.mjs'
import { packIcns, packIco } from './icon-containers.mjs'
import { iconFiles, trayStates } from './icon-files.mjs'

const resources = path.join(import.meta.dirname, '..', 'resources')
const sources = path.join(resources, 'icons')

const executablePath = findChromium()
const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
try {
  const page = await browser.newPage()
  for (const { file, kind, layers } of iconFiles) {
    const drawn = []
    for (const layer of layers) drawn.push({ size: layer.size, png: await draw(page, layer) })
    const target = path.join(resources, file)
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.writeFileSync(target, pack(kind, drawn))
  }
} finally {
  await browser.close()
}
fs.writeFileSync(path.join(sources, 'rendered.json'), `${JSON.stringify(hashes(), null, 2)}\n`)

function pack(kind, drawn) {
  if (kind === 'ico') return packIco(drawn)
  if (kind === 'icns') return packIcns(drawn)
  return drawn[0].png
}

async function draw(page, { source, size, margin, color = 'black', state }) {
  const hidden = trayStates.filter((other) => state !== undefined && other !== state)
  const style = `
    body { margin: 0; color: ${color} }
    svg { display: block; box-sizing: border-box; width: ${size}px; height: ${size}px; padding: ${size * margin}px }
    ${hidden.map((other) => `#${other} { display: none }`).join('\n')}`
  await page.setViewportSize({ width: size, height: size })
  const svg = fs.readFileSync(path.join(sources, source), 'utf8')
  await page.setContent(`<!doctype html><style>${style}</style>${svg}`)
  return page.screenshot({ omitBackground: true })
}

/** Line ends are left out of it: Git may change them. */
function hashes() {
  const names = fs.readdirSync(sources).filter((name) => name.endsWith('.svg'))
  return Object.fromEntries(
    names.toSorted().map((name) => {
      const text = fs.readFileSync(path.join(sources, name), 'utf8').replaceAll('\r\n', '\n')
      return [name, createHash('sha256').update(text).digest('hex')]
    }),
  )
}
