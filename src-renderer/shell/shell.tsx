import { Outlet } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Announcer } from '../components/announcer.tsx'
import { ConnectionBanner } from './connection-banner.tsx'
import { KeyboardHelp } from './keyboard-help.tsx'
import { Rail } from './rail.tsx'
import { useStateAnnouncements } from './state-announcements.ts'
import { useWindowTitle } from './window-title.ts'

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))

/** Rail and screen; the palette and the keys that work everywhere. */
export function Shell() {
  const [paletteOpen, setPaletteOpen] = useState(false)
  const [paletteUsed, setPaletteUsed] = useState(false)
  const [helpOpen, setHelpOpen] = useState(false)
  useStateAnnouncements()
  useWindowTitle()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setPaletteUsed(true)
        setPaletteOpen((open) => !open)
      } else if (event.key === '?' && !isTyping(event.target)) {
        event.preventDefault()
        setHelpOpen(true)
      } else if (event.key === '/' && !isTyping(event.target)) {
        const search = document.querySelector<HTMLInputElement>('[data-search]')
        if (search === null) return
        event.preventDefault()
        search.select()
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return (
    <div className="flex h-full">
      <a
        href="#main"
        onClick={(event) => {
          // The address belongs to the router.
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
        className="sr-only z-50 rounded bg-raised px-3 py-2 shadow-pop focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <Rail
        onPalette={() => {
          setPaletteUsed(true)
          setPaletteOpen(true)
        }}
      />
      <div className="flex min-w-0 flex-1 flex-col border-l border-line bg-panel">
        <ConnectionBanner />
        <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
          <Outlet />
        </main>
      </div>
      <Announcer />
      <KeyboardHelp open={helpOpen} onOpenChange={setHelpOpen} />
      {paletteUsed && (
        <Suspense>
          <Palette
            open={paletteOpen}
            onOpenChange={setPaletteOpen}
            onHelp={() => setHelpOpen(true)}
          />
        </Suspense>
      )}
    </div>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.shadowRoot !== null ||
      ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  )
}
