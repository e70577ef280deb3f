import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'

const storageKey = 'open-mcp-gateway.theme'
const listeners = new Set<() => void>()

/** Sets the document to the kept choice; called before anything is drawn. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = currentTheme()
}

/** Keeps the choice on this machine and applies it at once. */
export function setTheme(theme: Theme): void {
  localStorage.setItem(storageKey, theme)
  applyTheme()
  for (const listener of listeners) listener()
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, currentTheme)
}

function currentTheme(): Theme {
  const kept = localStorage.getItem(storageKey)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}
