import type { Requirements, SuiteResults } from './run-conformance.ts'

/**
 * Successful checks by scenario of the fixture server, met directly. A scenario that checks less than this through the
 * gateway has not checked everything. Beyond what the revisions require, the set holds what the suite runs as well and
 * the fixture passes; the tasks extension is left out.
 */
export const directChecks: Readonly<Record<Requirements, Readonly<Record<string, number>>>> = {
  '2025-11-25': {
    'server-initialize': 3,
    'logging-set-level': 2,
    ping: 2,
    'completion-complete': 2,
    'tools-list': 3,
    'tools-call-simple-text': 2,
    'tools-call-image': 2,
    'tools-call-audio': 2,
    'tools-call-embedded-resource': 2,
    'tools-call-mixed-content': 2,
    'tools-call-with-logging': 2,
    'tools-call-error': 2,
    'tools-call-with-progress': 2,
    'tools-call-sampling': 2,
    'tools-call-elicitation': 2,
    'elicitation-sep1034-defaults': 6,
    'server-sse-multiple-streams': 2,
    'elicitation-sep1330-enums': 6,
    'resources-list': 2,
    'resources-read-text': 2,
    'resources-read-binary': 2,
    'resources-templates-read': 2,
    'resources-subscribe': 2,
    'resources-unsubscribe': 2,
    'prompts-list': 2,
    'prompts-get-simple': 2,
    'prompts-get-with-args': 2,
    'prompts-get-embedded-resource': 2,
    'prompts-get-with-image': 2,
    'dns-rebinding-protection': 2,
    'server-session-lifecycle': 3,
    'json-schema-2020-12': 8,
    'server-sse-polling': 3,
  },
  '2026-07-28': {
    'server-stateless': 30,
    'completion-complete': 2,
    'tools-list': 4,
    'tools-call-simple-text': 2,
    'tools-call-image': 2,
    'tools-call-audio': 2,
    'tools-call-embedded-resource': 2,
    'tools-call-mixed-content': 2,
    'tools-call-error': 2,
    'tools-call-with-progress': 2,
    'server-sse-multiple-streams': 1,
    'resources-list': 2,
    'resources-read-text': 2,
    'resources-read-binary': 2,
    'resources-templates-read': 2,
    'sep-2164-resource-not-found': 4,
    'prompts-list': 2,
    'prompts-get-simple': 2,
    'prompts-get-with-args': 2,
    'prompts-get-embedded-resource': 2,
    'prompts-get-with-image': 2,
    'dns-rebinding-protection': 2,
    caching: 8,
    'input-required-result-basic-elicitation': 3,
    'input-required-result-basic-sampling': 3,
    'input-required-result-basic-list-roots': 3,
    'input-required-result-request-state': 3,
    'input-required-result-multiple-input-requests': 3,
    'input-required-result-multi-round': 4,
    'input-required-result-missing-input-response': 2,
    'input-required-result-non-tool-request': 3,
    'input-required-result-result-type': 2,
    'input-required-result-unsupported-methods': 2,
    'input-required-result-tampered-state': 2,
    'input-required-result-capability-check': 2,
    'input-required-result-ignore-extra-params': 2,
    'input-required-result-validate-input': 3,
    'json-schema-2020-12': 8,
    'http-header-validation': 14,
    'http-custom-header-server-validation': 10,
  },
}

/** Successful checks by scenario, to be compared with `directChecks`. */
export function successes(results: SuiteResults): Record<string, number> {
  const counted = Object.entries(withoutTasks(results))
  return Object.fromEntries(counted.map(([scenario, { success }]) => [scenario, success]))
}

/** All that went wrong, by scenario; SHOULD counts as much as MUST. Empty if nothing did. */
export function problems(results: SuiteResults): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(withoutTasks(results))
      .map(([scenario, { failures, warnings }]) => [scenario, [...failures, ...warnings]] as const)
      .filter(([, messages]) => messages.length > 0),
  )
}

/** An optional extension, which the fixture has not. */
function withoutTasks(results: SuiteResults): SuiteResults {
  return Object.fromEntries(
    Object.entries(results).filter(([scenario]) => !scenario.startsWith('tasks-')),
  )
}
