import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

/** CodeMirror in the window's own tokens: light and dark come with them. */
const theme = EditorView.theme({
  '&': {
    height: '100%',
    backgroundColor: 'var(--panel)',
    color: 'var(--text)',
    fontSize: '12.5px',
  },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
    lineHeight: '20px',
    fontVariantLigatures: 'none',
    scrollbarWidth: 'thin',
    scrollbarColor: 'color-mix(in srgb, var(--muted) 45%, transparent) transparent',
  },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 12px 0 6px' },
  '&.cm-focused .cm-cursor, .cm-dropCursor': {
    borderLeftColor: 'var(--text)',
    borderLeftWidth: '2px',
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground':
    { backgroundColor: 'color-mix(in srgb, var(--accent) 28%, transparent)' },
  '.cm-gutters': {
    backgroundColor: 'var(--panel)',
    color: 'var(--muted)',
    border: 'none',
    fontVariantNumeric: 'tabular-nums',
  },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 4px 0 4px', minWidth: '30px' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--hover) 60%, transparent)' },
  '&:not(.cm-focused) .cm-activeLine': { backgroundColor: 'transparent' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--text)' },
  '.cm-entry': { boxShadow: 'inset 2px 0 var(--accent)' },
  '.cm-foldGutter .cm-gutterElement': { cursor: 'default', width: '14px', textAlign: 'center' },
  '.cm-foldPlaceholder': {
    backgroundColor: 'var(--hover)',
    border: 'none',
    color: 'var(--muted)',
    borderRadius: '4px',
    padding: '0 6px',
    margin: '0 4px',
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--selected)',
    outline: '1px solid var(--control)',
  },
  '.cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'transparent' },
  '.cm-searchMatch': {
    backgroundColor: 'color-mix(in srgb, var(--warn) 25%, transparent)',
    borderRadius: '2px',
  },
  '.cm-searchMatch-selected': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 35%, transparent)',
  },
  '.cm-selectionMatch': { backgroundColor: 'color-mix(in srgb, var(--accent) 12%, transparent)' },
})

const problems = EditorView.theme({
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad)',
    textDecorationSkipInk: 'none',
    textUnderlineOffset: '3px',
  },
  '.cm-lintPoint-error::after': { borderBottomColor: 'var(--bad)' },
  '.cm-gutter-lint': { width: '16px' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '0', textAlign: 'center' },
  '.cm-lint-marker-error': { content: 'normal', width: '16px', height: '20px' },
  '.cm-lint-marker-error::before': { content: '"▲"', color: 'var(--bad)', fontSize: '9px' },
  '.cm-diagnostic': { padding: '6px 10px', maxWidth: '420px', whiteSpace: 'pre-wrap' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--bad)' },
})

const popups = EditorView.theme({
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    border: '1px solid var(--line)',
    borderRadius: '6px',
    boxShadow: '0 8px 28px var(--shadow)',
    fontFamily: "'Inter Variable', system-ui, sans-serif",
    fontSize: '12px',
    lineHeight: '18px',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete': { overflow: 'visible' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
    maxHeight: '16em',
    padding: '4px',
    borderRadius: '6px',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': {
    padding: '2px 8px',
    borderRadius: '4px',
    lineHeight: '20px',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--selected)',
    color: 'var(--text)',
  },
  '.cm-completionMatchedText': {
    textDecoration: 'none',
    fontWeight: '700',
    color: 'var(--accent)',
  },
  '.cm-completionDetail': {
    fontStyle: 'normal',
    fontFamily: "'Inter Variable', system-ui, sans-serif",
    color: 'var(--muted)',
    marginLeft: '12px',
  },
  '.cm-tooltip.cm-completionInfo': { padding: '6px 10px', maxWidth: '300px', width: 'max-content' },
  '.cm-hover': { padding: '6px 10px', maxWidth: '380px' },
  '.cm-hover strong': { fontWeight: '600' },
  '.cm-hover .cm-kind': { color: 'var(--muted)', marginLeft: '8px' },
  '.cm-hover code, .cm-completionInfo code': {
    fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
    fontSize: '11.5px',
    backgroundColor: 'var(--hover)',
    borderRadius: '3px',
    padding: '0 3px',
  },
})

const panels = EditorView.theme({
  '.cm-panels': { backgroundColor: 'var(--panel)', color: 'var(--text)' },
  '.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-panel.cm-search': {
    padding: '8px 34px 8px 12px',
    fontFamily: "'Inter Variable', system-ui, sans-serif",
    fontSize: '12px',
  },
  '.cm-panel.cm-search label': { fontSize: '12px', color: 'var(--muted)', marginRight: '8px' },
  '.cm-textfield': {
    backgroundColor: 'var(--panel)',
    color: 'var(--text)',
    border: '1px solid var(--control)',
    borderRadius: '6px',
    height: '26px',
    padding: '0 8px',
    fontSize: '12px',
    fontFamily: "'JetBrains Mono Variable', ui-monospace, monospace",
  },
  '.cm-button': {
    backgroundColor: 'var(--raised)',
    backgroundImage: 'none',
    color: 'var(--text)',
    border: '1px solid color-mix(in srgb, var(--control) 60%, transparent)',
    borderRadius: '6px',
    height: '26px',
    padding: '0 8px',
    fontSize: '12px',
  },
  '.cm-button:hover': { backgroundColor: 'var(--hover)' },
  '.cm-button:focus-visible, .cm-textfield:focus-visible, .cm-panel input:focus-visible, .cm-panel button:focus-visible':
    { outline: '2px solid var(--accent)', outlineOffset: '1px' },
  '.cm-panel.cm-search [name=close]': {
    color: 'var(--muted)',
    fontSize: '18px',
    top: '8px',
    right: '10px',
    width: '24px',
    height: '24px',
  },
})

const merging = EditorView.theme({
  '&.cm-merge-a .cm-changedLine, .cm-deletedChunk': { backgroundColor: 'var(--bad-soft)' },
  '&.cm-merge-b .cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--ok-soft)' },
  '&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText': {
    background: 'color-mix(in srgb, var(--bad) 22%, transparent)',
    borderRadius: '2px',
  },
  '&.cm-merge-b .cm-changedText': {
    background: 'color-mix(in srgb, var(--ok) 16%, transparent)',
    borderRadius: '2px',
  },
  '&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter': { background: 'var(--bad)' },
  '&.cm-merge-b .cm-changedLineGutter': { background: 'var(--ok)' },
  '.cm-deletedChunk': { paddingLeft: '6px' },
  '.cm-collapsedLines': {
    background: 'var(--hover)',
    color: 'var(--muted)',
    padding: '2px 6px',
    fontFamily: "'Inter Variable', system-ui, sans-serif",
    fontSize: '12px',
  },
  '.cm-collapsedLines::before, .cm-collapsedLines::after': { content: '"⋯"' },
  '.cm-changeGutter': { width: '3px', paddingLeft: '0' },
})

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string), tags.content], color: 'var(--text)' },
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.keyword], color: 'var(--ok)' },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.meta], color: 'var(--muted)' },
  { tag: [tags.typeName, tags.labelName, tags.tagName], color: 'var(--warn)' },
])

export const editorLook: Extension = [
  theme,
  problems,
  popups,
  panels,
  merging,
  syntaxHighlighting(colours),
]
