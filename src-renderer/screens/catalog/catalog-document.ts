import { Text } from '@codemirror/state'
import type {
  CatalogCheck,
  CatalogEdit,
  CatalogEntry,
  CatalogProblemView,
  GatewayApi,
  ProcedureOutput,
} from '../../../src-shared/api.ts'
import { ApiError } from '../../api-error.ts'
import { joinFile, plainShape, splitFile, type FileShape } from '../../editor/file-text.ts'
import { textChanges, type TextChange } from '../../editor/text-changes.ts'
import { mergeTexts } from '../../editor/text-merge.ts'

/** The file as it was read or written at one moment. */
export interface FileVersion {
  doc: Text
  shape: FileShape
  etag: string
  entries: readonly CatalogEntry[]
}

export interface CatalogSnapshot {
  state: 'loading' | 'failed' | 'ready'
  /** Why it cannot be shown. */
  failure: unknown
  path: string
  /** What is in the file, as far as we know. */
  saved: FileVersion
  /** What is in the editor. */
  doc: Text
  dirty: boolean
  /** Of the last check; `fresh` says whether that was of this very text. */
  problems: readonly CatalogProblemView[]
  entries: readonly CatalogEntry[]
  readable: boolean
  fresh: boolean
  /** What somebody else has put into the file while there are changes here. */
  theirs: FileVersion | undefined
  saving: boolean
}

/** The editor's text: changes go to it, and come back by `edited`. */
export interface EditorPort {
  apply(changes: readonly TextChange[], options: { undoable: boolean }): void
}

export type Saved = ProcedureOutput<'catalog.save'> & { before: FileVersion; after: FileVersion }

const checkAfterMs = 250
const editTries = 4
const nothing: FileVersion = { doc: Text.empty, shape: plainShape, etag: '', entries: [] }

/**
 * The catalog while a person is at work on it: the text in the editor, the file under it, what a check says of the
 * text, and what others do to the file meanwhile. Nothing here writes over what it has not shown.
 */
export class CatalogDocument {
  readonly #gateway: GatewayApi
  readonly #listeners = new Set<() => void>()
  #now: CatalogSnapshot = {
    state: 'loading',
    failure: undefined,
    path: '',
    saved: nothing,
    doc: Text.empty,
    dirty: false,
    problems: [],
    entries: [],
    readable: true,
    fresh: true,
    theirs: undefined,
    saving: false,
  }
  #editor: EditorPort | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Counts reads and writes: the answer to a read before the last of them is old. */
  #turn = 0
  #edits: Promise<unknown> = Promise.resolve()

  constructor(gateway: GatewayApi) {
    this.#gateway = gateway
  }

  /** Reads the file, and again whenever the gateway tells that it has changed. Returns what ends it. */
  open(): () => void {
    void this.refresh()
    const end = this.#gateway.onEvent((event) => {
      const isBack = event.type === 'connection' && event.ok
      if (event.type === 'reload' || isBack) void this.refresh()
      if (isBack && !this.#now.fresh) void this.#check()
    })
    return () => {
      end()
      clearTimeout(this.#timer)
    }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly snapshot = (): CatalogSnapshot => this.#now

  attach(editor: EditorPort | undefined): void {
    this.#editor = editor
  }

  /** Reads the file. A failure is shown only where nothing can be shown yet. */
  async refresh(): Promise<void> {
    const turn = ++this.#turn
    try {
      const answer = await this.#gateway.call('catalog.read', {})
      if (turn === this.#turn && !this.#now.saving) this.#take(answer)
    } catch (failure) {
      if (this.#now.state !== 'ready') this.#set({ state: 'failed', failure })
    }
  }

  /** The editor's text has changed, by whatever. */
  edited(doc: Text): void {
    if (doc === this.#now.doc) return
    this.#set({ doc, dirty: !doc.eq(this.#now.saved.doc), fresh: false })
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#check(), checkAfterMs)
  }

  /**
   * Applies edits of the form to the text, one call after the other; what they do not touch stays byte for byte.
   * Rejects with the gateway's reason and changes nothing if they cannot be made.
   */
  edit(edits: CatalogEdit[]): Promise<void> {
    const turn = this.#edits.then(() => this.#edit(edits))
    this.#edits = turn.catch(() => {})
    return turn
  }

  async #edit(edits: CatalogEdit[]): Promise<void> {
    for (let tries = 0; tries < editTries; tries++) {
      const { doc } = this.#now
      const text = doc.toString()
      const answer = await this.#gateway.call('catalog.edit', { text, edits })
      // Somebody has typed meanwhile: the edit is made anew, on what stands there now.
      if (this.#now.doc !== doc) continue
      this.#put(answer.text, { undoable: true })
      this.#learn(answer)
      return
    }
    throw new ApiError('conflict', 'The text changes too fast. Nothing was changed; try again.')
  }

  /** When all edits under way are in the text, and it has been checked. */
  async settled(): Promise<void> {
    await this.#edits
    if (!this.#now.fresh) await this.#check()
  }

  /** Writes the text to the file. Rejects as `catalog.save` does; with `precondition_failed`, `theirs` is set, too. */
  async save(): Promise<Saved> {
    const { doc, saved: before, entries } = this.#now
    this.#set({ saving: true })
    try {
      const text = joinFile(doc.toString(), before.shape)
      const answer = await this.#gateway.call('catalog.save', { text, etag: before.etag })
      const after = { doc, shape: before.shape, etag: answer.etag, entries }
      this.#turn++
      this.#set({ saved: after, theirs: undefined, dirty: !this.#now.doc.eq(doc) })
      return { ...answer, before, after }
    } finally {
      this.#set({ saving: false })
      // What the file is now: after a refusal, what others have made of it.
      void this.refresh()
    }
  }

  /** Writes back what was there before a save, if the file is still what that save wrote. */
  async undoSave({ before, after }: Saved): Promise<void> {
    const text = joinFile(before.doc.toString(), before.shape)
    await this.#gateway.call('catalog.save', { text, etag: after.etag })
    this.#turn++
    await this.refresh()
  }

  /** Gives up the changes here; they can be had back by undo. */
  revert(): void {
    this.#put(this.#now.saved.doc.toString(), { undoable: true })
    void this.#check()
  }

  /** Takes what others have written in place of the changes here. */
  takeTheirs(): void {
    const { theirs } = this.#now
    if (theirs === undefined) return
    this.#set({ saved: theirs, theirs: undefined })
    this.revert()
  }

  /** What would stand there with the changes of both; undefined where they meet. */
  merged(): string | undefined {
    const { theirs, saved, doc } = this.#now
    if (theirs === undefined) return undefined
    return mergeTexts(saved.doc.toString(), doc.toString(), theirs.doc.toString())
  }

  /** Goes on with a text on top of what others have written: nothing is saved by this. */
  keepMine(text = this.#now.doc.toString()): void {
    const { theirs } = this.#now
    if (theirs === undefined) return
    this.#set({ saved: theirs, theirs: undefined, dirty: !this.#now.doc.eq(theirs.doc) })
    this.#put(text, { undoable: true })
    void this.#check()
  }

  #take(answer: ProcedureOutput<'catalog.read'>): void {
    const { saved, doc, dirty, state } = this.#now
    if (answer.etag === saved.etag && state === 'ready') return this.#set({ theirs: undefined })
    const { body, shape } = splitFile(answer.text)
    const version: FileVersion = {
      doc: Text.of(body.split('\n')),
      shape,
      etag: answer.etag,
      entries: answer.entries,
    }
    // Another etag of the same text: nobody has changed anything.
    if (state === 'ready' && version.doc.eq(saved.doc)) {
      return this.#set({ saved: version, theirs: undefined })
    }
    if (state === 'ready' && dirty && !version.doc.eq(doc)) {
      return this.#set({ theirs: version, path: answer.path })
    }
    this.#set({ saved: version, theirs: undefined, path: answer.path, state: 'ready' })
    this.#put(body, { undoable: false })
    this.#learn(answer)
  }

  #put(text: string, options: { undoable: boolean }): void {
    const { doc } = this.#now
    if (this.#editor === undefined) this.edited(Text.of(text.split('\n')))
    else this.#editor.apply(textChanges(doc.toString(), text), options)
  }

  /** What an answer says of the text that stands in the editor now. */
  #learn({ problems, entries, readable }: CatalogCheck): void {
    clearTimeout(this.#timer)
    const dirty = !this.#now.doc.eq(this.#now.saved.doc)
    // Of a text that is no YAML the servers are a guess: the form keeps what it knew.
    this.#set({ problems, readable, fresh: true, dirty, ...(readable ? { entries } : {}) })
  }

  async #check(): Promise<void> {
    clearTimeout(this.#timer)
    const { doc } = this.#now
    try {
      const answer = await this.#gateway.call('catalog.check', { text: doc.toString() })
      if (this.#now.doc === doc) this.#learn(answer)
    } catch {
      // The gateway is away: the banner says so, and the next change or its return asks again.
    }
  }

  #set(change: Partial<CatalogSnapshot>): void {
    this.#now = { ...this.#now, ...change }
    for (const listener of this.#listeners) listener()
  }
}
