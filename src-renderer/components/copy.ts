import { notify, notifyFailure } from './toast.tsx'

/** Puts a text on the clipboard and says so: "Details copied". */
export function copyText(text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => notify({ title: `${what} copied` }),
    (thrown: unknown) => notifyFailure(`${what} could not be copied.`, thrown),
  )
}
