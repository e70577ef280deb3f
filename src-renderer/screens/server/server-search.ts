interface Search {
  q?: string
  tag?: string
  state?: string
  tab?: string
  item?: string
}

/** The list's filter stays as it is, whatever is opened or closed beside it. */
export function keptFilter({ q, tag, state }: Search): Search {
  return {
    ...(q === undefined ? {} : { q }),
    ...(tag === undefined ? {} : { tag }),
    ...(state === undefined ? {} : { state }),
  }
}

/** Another tab of the detail; nothing is chosen in it. */
export function withTab(search: Search, tab: string): Search {
  return { ...keptFilter(search), tab }
}

/** Another tool, resource or prompt in the same tab. */
export function withItem(search: Search, item: string | undefined): Search {
  return {
    ...keptFilter(search),
    ...(search.tab === undefined ? {} : { tab: search.tab }),
    ...(item === undefined ? {} : { item }),
  }
}
