/**
 * As a ref: what comes into an open dialog takes the focus of what has gone. React's `autoFocus` does so as a dialog
 * opens, not later.
 */
export function takeFocus(element: HTMLElement | null): void {
  element?.focus()
}
