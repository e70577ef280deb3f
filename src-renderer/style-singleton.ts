import { useEffect } from 'react'

/**
 * Stands in for the package `react-style-singleton` (vite.config.ts), by which radix locks scrolling behind a dialog:
 * that one writes a <style> element, which our CSP forbids; a constructed sheet is allowed.
 */
export function styleSingleton() {
  const holders = new Set<CSSStyleSheet>()
  return function Style({ styles, dynamic }: { styles: string; dynamic?: boolean }): null {
    useEffect(() => {
      if (holders.size > 0 && dynamic !== true) return
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(styles)
      holders.add(sheet)
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
      return () => {
        holders.delete(sheet)
        document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet)
      }
    }, [styles, dynamic])
    return null
  }
}
